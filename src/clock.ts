import { setTimeout as sleep } from 'node:timers/promises';

/** Time, as policies see it: passed in, so that tests can hold it and let it go. */
export interface Clock {
  /** Milliseconds; never steps back, and only differences mean something. */
  nowMs(): number;
  /** Milliseconds since 1970, for dates that others have written. */
  unixMs(): number;
  /** Rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once, unless it is cancelled before. */
  after(ms: number, callback: () => void): Cancel;
}

export type Cancel = () => void;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  async sleep(ms, signal) {
    await sleep(ms, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  },
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
