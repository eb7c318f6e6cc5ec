import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Never set back; of no meaning outside this process. */
  nowMs(): number;
  /** Unix time, for the dates that upstreams write. */
  unixMs(): number;
  /** Rejects if the signal aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: Date.now,
  sleep: (delayMs, signal) => sleep(delayMs, undefined, { ...(signal && { signal }) }),
};
