import { setTimeout as sleep } from 'node:timers/promises';

import { StoreUnavailable } from '../store-unavailable.ts';
import { type SettlementJournal, writeKept } from './settlement-journal.ts';
import { type Settlement, tombstoneMs } from './settlement.ts';

/** What the store must hear of sooner or later: charges and deferrals, however long it is away (L4, L8). */
export interface Outbox {
  send(message: Message): void;
  /** What was sent and is not done. */
  pending(): number;
  /** The last thing to be asked for: false if something could not be done in this time, and is given up. */
  flush(timeoutMs: number): Promise<boolean>;
}

export interface Message {
  /**
   * Done now, or as soon as the store is back: repeated while it rejects with `StoreUnavailable`. `isStale`: an
   * earlier attempt may have been carried out so long ago that the store no longer knows.
   */
  readonly work: (isStale: boolean) => Promise<void>;
  /** There will be no other attempt. */
  readonly onGivenUp?: () => void;
  /** The charge that this is about, kept in the journal while the store is away. */
  readonly settlement?: Settlement;
  /** When an attempt was made of which nobody knows whether it was carried out. */
  readonly attemptedAtMs?: number | undefined;
}

/** What is known of a message beside what it says. */
interface Sent {
  readonly message: Message;
  attemptedAtMs: number | undefined;
}

/** About 1 KB each. */
const maxWaiting = 50_000;
const firstRetryMs = 100;
const longestRetryMs = 2000;
/** So that a store that comes back is not met by all of it at once. */
const retriedTogether = 50;

/**
 * @param onLost a message was given up; its hold will lapse and be charged whole.
 * @param isReachable false where the store is known to be away: a charge is then kept before it is tried.
 */
export function createOutbox(
  journal: SettlementJournal,
  onLost: (reason: Error) => void,
  isReachable: () => boolean = () => true,
  now: () => number = Date.now,
): Outbox {
  const waiting: Sent[] = [];
  const running = new Set<Promise<void>>();
  const kept = new Set<string>();
  let retrying: Promise<void> | undefined;
  let isFlushing = false;
  /** As far as the last charge could tell. */
  let isAway = false;
  let isClosed = false;
  const pending = () => waiting.length + running.size;

  return {
    send(message) {
      const sent: Sent = { message, attemptedAtMs: message.attemptedAtMs };
      if (isAway || !isReachable()) keep(sent);
      const attempt = attemptOf(sent).then((isDone) => {
        running.delete(attempt);
        if (!isDone) postpone(sent);
      });
      running.add(attempt);
    },
    pending,
    async flush(timeoutMs) {
      isFlushing = true;
      const givesUpAtMs = performance.now() + timeoutMs;
      while (pending() > 0 && performance.now() < givesUpAtMs) await sleep(5);
      isClosed = true;
      return pending() === 0;
    },
  };

  async function attemptOf(sent: Sent): Promise<boolean> {
    const { message, attemptedAtMs = Infinity } = sent;
    try {
      await message.work(now() - attemptedAtMs > tombstoneMs);
      // Other work may have come to its end without the store.
      if (message.settlement) isAway = false;
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        isAway = true;
        const isNews = error.mayHaveHappened && sent.attemptedAtMs === undefined;
        if (isNews) sent.attemptedAtMs = now();
        keep(sent, isNews);
        return false;
      }
      giveUp(message, error as Error);
    }
    forget(message);
    return true;
  }

  function keep({ message: { settlement }, attemptedAtMs }: Sent, isNews = false): void {
    if (!settlement || (kept.has(settlement.holdId) && !isNews)) return;
    kept.add(settlement.holdId);
    journal.keep(settlement.holdId, writeKept({ settlement, attemptedAtMs }));
  }

  function forget({ settlement }: Message): void {
    if (settlement && kept.delete(settlement.holdId)) journal.forget(settlement.holdId);
  }

  function giveUp({ onGivenUp }: Message, reason: Error): void {
    onGivenUp?.();
    onLost(reason);
  }

  function postpone(sent: Sent): void {
    if (waiting.length >= maxWaiting) return giveUp(sent.message, new Error('too much waits for the store'));
    waiting.push(sent);
    retrying ??= retry();
  }

  async function retry(): Promise<void> {
    let delayMs = firstRetryMs;
    while (waiting.length > 0) {
      await sleep(isFlushing ? Math.min(delayMs, firstRetryMs) : delayMs, undefined, { ref: false });
      if (isClosed) return;
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
