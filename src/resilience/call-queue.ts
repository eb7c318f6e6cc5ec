import type { Cancel, Clock } from '../clock.ts';

/** Bounds what runs at one time, and what waits for it. */
export interface CallQueue {
  /**
   * Resolves, in order, as soon as fewer than `maxConcurrent` run; until `leave` is called the call counts as one of
   * them. Rejects with `refusal`, at once if too many wait, with `flush`'s reason, or with the signal's.
   */
  enter(signal: AbortSignal): Promise<Leave>;
  /** The same for a call that need not wait; undefined if it has to. */
  enterAtOnce(): Leave | undefined;
  /** Rejects all that wait. */
  flush(reason: Error): void;
  running(): number;
  waiting(): number;
}

/** To be called once. */
export type Leave = () => void;

export interface CallQueueSettings {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly queueUpToMs: number;
  readonly clock: Pick<Clock, 'after'>;
  /** For a call that finds the queue full, or waits too long in it. */
  readonly refusal: () => Error;
}

interface Waiting {
  readonly admit: () => void;
  readonly refuse: (reason: Error) => void;
}

export function createCallQueue(settings: CallQueueSettings): CallQueue {
  const { maxConcurrent, maxQueued, queueUpToMs, clock, refusal } = settings;
  let running = 0;
  /** In the order of their coming. Whoever leaves is taken out in constant time. */
  const waiting = new Set<Waiting>();

  return {
    enterAtOnce,
    async enter(signal) {
      const entered = enterAtOnce();
      if (entered) return entered;
      signal.throwIfAborted();
      if (waiting.size >= maxQueued) throw refusal();
      await turn(signal);
      return leave;
    },
    flush(reason) {
      for (const one of waiting) one.refuse(reason);
    },
    running: () => running,
    waiting: () => waiting.size,
  };

  function enterAtOnce(): Leave | undefined {
    if (running >= maxConcurrent) return undefined;
    running += 1;
    return leave;
  }

  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onLeft = () => one.refuse(signal.reason as Error);
      const cancel: Cancel = clock.after(queueUpToMs, () => one.refuse(refusal()));
      const settle = () => {
        waiting.delete(one);
        cancel();
        signal.removeEventListener('abort', onLeft);
      };
      const one: Waiting = {
        admit() {
          settle();
          resolve();
        },
        refuse(reason) {
          settle();
          reject(reason);
        },
      };
      waiting.add(one);
      signal.addEventListener('abort', onLeft, { once: true });
    });
  }

  /** The place goes to whoever waits longest, without being free in between. */
  function leave(): void {
    const [next] = waiting;
    if (next) next.admit();
    else running -= 1;
  }
}
