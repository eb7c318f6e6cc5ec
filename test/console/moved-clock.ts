import type { TestContext } from 'node:test';

export interface MovedClock {
  nowMs(): number;
  ahead(ms: number): void;
}

/** The date of this process, from a point of one's own choice: it goes on by itself, and can be moved ahead. */
export function moveClock(t: TestContext, startsAt: string): MovedClock {
  const { timers } = t.mock;
  timers.enable({ apis: ['Date'], now: Date.parse(startsAt) });
  const everyMs = 50;
  const ticking = setInterval(() => timers.tick(everyMs), everyMs);
  t.after(() => clearInterval(ticking));
  return { nowMs: Date.now, ahead: (ms) => timers.tick(ms) };
}
