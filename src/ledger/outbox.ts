import { setTimeout as sleep } from 'node:timers/promises';

import { StoreUnavailable } from './ledger.ts';

/** What the store must hear of sooner or later: charges and deferrals, however long it is away (L4, L8). */
export interface Outbox {
  /**
   * Done now, or as soon as the store is back: `work` is repeated while it rejects with `StoreUnavailable`, and
   * `onGivenUp` called if there will be no other attempt.
   */
  send(work: () => Promise<void>, onGivenUp?: () => void): void;
  /** What was sent and is not done. */
  pending(): number;
  /** False if something could not be done in this time, and is lost to the store. */
  flush(timeoutMs: number): Promise<boolean>;
}

interface Work {
  readonly run: () => Promise<void>;
  readonly onGivenUp: () => void;
}

/** About 1 KB each. */
const maxWaiting = 50_000;
const firstRetryMs = 100;
const longestRetryMs = 2000;
/** So that a store that comes back is not met by all of it at once. */
const retriedTogether = 50;

/** @param onLost a piece of work was given up; its hold will lapse and be charged whole. */
export function createOutbox(onLost: (reason: Error) => void): Outbox {
  const waiting: Work[] = [];
  const running = new Set<Promise<void>>();
  let retrying: Promise<void> | undefined;
  let isFlushing = false;
  const pending = () => waiting.length + running.size;

  return {
    send(run, onGivenUp = () => {}) {
      const work = { run, onGivenUp };
      const attempt = attemptOf(work).then((isDone) => {
        running.delete(attempt);
        if (!isDone) postpone(work);
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

  async function attemptOf(work: Work): Promise<boolean> {
    try {
      await work.run();
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      giveUp(work, error as Error);
    }
    return true;
  }

  function giveUp({ onGivenUp }: Work, reason: Error): void {
    onGivenUp();
    onLost(reason);
  }

  function postpone(work: Work): void {
    if (waiting.length >= maxWaiting) return giveUp(work, new Error('too much waits for the store'));
    waiting.push(work);
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
