import { setTimeout as sleep } from 'node:timers/promises';

import { StoreUnavailable } from './ledger.ts';

/** What the store must hear of sooner or later: charges and deferrals, however long it is away (L4, L8). */
export interface Outbox {
  /** Done now, or as soon as the store is back: `work` is repeated while it rejects with `StoreUnavailable`. */
  send(work: () => Promise<void>): void;
  /** What was sent and is not done. */
  pending(): number;
  /** The last thing to be asked for: false if something could not be done in this time, and is given up. */
  flush(timeoutMs: number): Promise<boolean>;
}

/** About 1 KB each. */
const maxWaiting = 50_000;
const firstRetryMs = 100;
const longestRetryMs = 2000;
/** So that a store that comes back is not met by all of it at once. */
const retriedTogether = 50;

/** @param onLost a piece of work was given up; its hold will lapse and be charged whole. */
export function createOutbox(onLost: (reason: Error) => void): Outbox {
  const waiting: (() => Promise<void>)[] = [];
  const running = new Set<Promise<void>>();
  let retrying: Promise<void> | undefined;
  let isFlushing = false;
  let isClosed = false;
  const pending = () => waiting.length + running.size;

  return {
    send(work) {
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
      isClosed = true;
      return pending() === 0;
    },
  };

  async function attemptOf(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      onLost(error as Error);
    }
    return true;
  }

  function postpone(work: () => Promise<void>): void {
    if (waiting.length >= maxWaiting) return onLost(new Error('too much waits for the store'));
    waiting.push(work);
    retrying ??= retry().finally(() => (retrying = undefined));
  }

  async function retry(): Promise<void> {
    let delayMs = firstRetryMs;
    while (waiting.length > 0) {
      await sleep(isFlushing ? Math.min(delayMs, firstRetryMs) : delayMs, undefined, { ref: false });
      if (isClosed) return;
      const batch = waiting.slice(0, retriedTogether);
      const isDone = await Promise.all(batch.map(attemptOf));
      waiting.splice(0, batch.length, ...batch.filter((_, index) => !isDone[index]));
      delayMs = isDone.every(Boolean) ? 0 : Math.min(Math.max(delayMs, firstRetryMs) * 2, longestRetryMs);
    }
  }
}
