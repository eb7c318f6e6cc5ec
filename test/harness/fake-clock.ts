import type { Clock } from '../../src/clock.ts';

export interface FakeClock extends Clock {
  /** Moves on, waking whoever waits in the order of their time, and letting each do what follows. */
  advance(ms: number): Promise<void>;
  /** Moves to the next time that somebody waits for, as often as anybody waits. */
  run(): Promise<void>;
  /** How long each sleep was, in the order in which they began. */
  readonly sleptMs: readonly number[];
}

/** Unix time when the clock says zero. */
export const fakeEpochMs = Date.parse('2026-11-06T08:49:37Z');

interface Waiting {
  readonly atMs: number;
  wake(): void;
}

/** Stands still until it is told to move. */
export function createFakeClock(): FakeClock {
  let nowMs = 0;
  const sleptMs: number[] = [];
  const waiting = new Set<Waiting>();

  async function wakeNext(untilMs: number): Promise<boolean> {
    await settled();
    const [next] = [...waiting].sort((a, b) => a.atMs - b.atMs);
    if (!next || next.atMs > untilMs) return false;
    waiting.delete(next);
    nowMs = Math.max(nowMs, next.atMs);
    next.wake();
    return true;
  }

  return {
    nowMs: () => nowMs,
    unixMs: () => fakeEpochMs + nowMs,
    sleep(ms, signal) {
      sleptMs.push(ms);
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        waiting.add(sleeper);
        signal?.addEventListener('abort', () => {
          if (waiting.delete(sleeper)) reject(signal.reason as Error);
        });
      });
    },
    after(ms, callback) {
      const timer = { atMs: nowMs + ms, wake: callback };
      waiting.add(timer);
      return () => void waiting.delete(timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      while (await wakeNext(untilMs));
      nowMs = untilMs;
    },
    async run() {
      while (await wakeNext(Infinity));
    },
    sleptMs,
  };
}

/** Whatever follows from what has happened has happened, too. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
