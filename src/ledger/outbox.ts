import { setTimeout as sleep } from 'node:timers/promises';

import { type Settlement, StoreUnavailable } from './ledger.ts';
import { type SettlementJournal, writeSettlement } from './settlement-journal.ts';

/** What the store must hear of sooner or later: charges and deferrals, however long it is away (L4, L8). */
export interface Outbox {
  send(message: Message): void;
  /** What was sent and is not done. */
  pending(): number;
  /** False if something could not be done in this time. */
  flush(timeoutMs: number): Promise<boolean>;
}

export interface Message {
  /** Done now, or as soon as the store is back: repeated while it rejects with `StoreUnavailable`. */
  readonly work: () => Promise<void>;
  /** There will be no other attempt. */
  readonly onGivenUp?: () => void;
  /** The charge that this is about, kept in the journal while the store is away. */
  readonly settlement?: Settlement;
}

/** About 1 KB each. */
const maxWaiting = 50_000;
const firstRetryMs = 100;
const longestRetryMs = 2000;
/** So that a store that comes back is not met by all of it at once. */
const retriedTogether = 50;

/** @param onLost a message was given up; its hold will lapse and be charged whole. */
export function createOutbox(journal: SettlementJournal, onLost: (reason: Error) => void): Outbox {
  const waiting: Message[] = [];
  const running = new Set<Promise<void>>();
  const kept = new Set<string>();
  let retrying: Promise<void> | undefined;
  let isFlushing = false;
  /** As far as the last message could tell. */
  let isAway = false;
  const pending = () => waiting.length + running.size;

  return {
    send(message) {
      if (isAway) keep(message);
      const attempt = attemptOf(message).then((isDone) => {
        running.delete(attempt);
        if (!isDone) postpone(message);
      });
      running.add(attempt);
    },
    pending,
    async flush(timeoutMs) {
      isFlushing = true;
      const givesUpAtMs = performance.now() + timeoutMs;
      while (pending() > 0 && performance.now() < givesUpAtMs) await sleep(5);
      return pending() === 0;
    },
  };

  async function attemptOf(message: Message): Promise<boolean> {
    try {
      await message.work();
      isAway = false;
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        isAway = true;
        keep(message);
        return false;
      }
      giveUp(message, error as Error);
    }
    forget(message);
    return true;
  }

  function keep({ settlement }: Message): void {
    if (!settlement || kept.has(settlement.holdId)) return;
    kept.add(settlement.holdId);
    journal.keep(settlement.holdId, writeSettlement(settlement));
  }

  function forget({ settlement }: Message): void {
    if (settlement && kept.delete(settlement.holdId)) journal.forget(settlement.holdId);
  }

  function giveUp({ onGivenUp }: Message, reason: Error): void {
    onGivenUp?.();
    onLost(reason);
  }

  function postpone(message: Message): void {
    if (waiting.length >= maxWaiting) return giveUp(message, new Error('too much waits for the store'));
    waiting.push(message);
    retrying ??= retry();
  }

  async function retry(): Promise<void> {
    let delayMs = firstRetryMs;
    while (waiting.length > 0) {
      await sleep(isFlushing ? Math.min(delayMs, firstRetryMs) : delayMs, undefined, { ref: false });
      const batch = waiting.slice(0, retriedTogether);
      const isDone = await Promise.all(batch.map(attemptOf));
      waiting.splice(0, batch.length);
      // Behind all others, since it may be one organisation's part of the store that is away.
      waiting.push(...batch.filter((_, index) => !isDone[index]));
      delayMs = isDone.every(Boolean) ? 0 : Math.min(Math.max(delayMs, firstRetryMs) * 2, longestRetryMs);
    }
    // In the same step as the last look at what waits: what is postponed now begins another round.
    retrying = undefined;
  }
}
