import type { Clock } from '../../src/upstream-limits/clock.ts';

export interface FakeClock extends Clock {
  /** Moves on, waking whoever sleeps in the order of their time, and letting each do what follows. */
  advance(ms: number): Promise<void>;
}

/** Unix time when the clock says zero. */
export const fakeEpochMs = Date.parse('2026-11-06T08:49:37Z');

/** Stands still until it is told to move. */
export function createFakeClock(): FakeClock {
  let nowMs = 0;
  const sleepers = new Set<{ untilMs: number; wake(): void }>();
  return {
    nowMs: () => nowMs,
    unixMs: () => fakeEpochMs + nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleeper = { untilMs: nowMs + delayMs, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          if (sleepers.delete(sleeper)) reject(signal.reason as Error);
        });
      }),
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        await settled();
        const [next] = [...sleepers].sort((a, b) => a.untilMs - b.untilMs);
        if (!next || next.untilMs > untilMs) break;
        sleepers.delete(next);
        nowMs = Math.max(nowMs, next.untilMs);
        next.wake();
      }
      nowMs = untilMs;
    },
  };
}

/** Whatever follows from what has happened has happened, too. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
