import { createRollingCount } from './rolling-count.ts';

/** How many calls may be sent again, so that retries don't bring down an upstream that is only just up. */
export interface RetryBudget {
  /** A call has come. */
  called(): void;
  /** False if none is left; else it is spent. */
  spend(): boolean;
  /** How many more may be sent again now. */
  left(): number;
}

const windowMs = 10_000;
/** So that a pod with few calls can retry those. */
const alwaysAllowed = 10;

/**
 * Of the calls of the last ten seconds so many percent may be sent again, and ten in any case, as Finagle's retry budgets
 * have it; with 0 none.
 */
export function createRetryBudget(percentOf: () => number, nowMs: () => number): RetryBudget {
  const calls = createRollingCount(windowMs, nowMs);
  const retries = createRollingCount(windowMs, nowMs);
  return {
    called: () => calls.add(),
    spend() {
      if (left() === 0) return false;
      retries.add();
      return true;
    },
    left,
  };

  function left(): number {
    const percent = percentOf();
    if (percent === 0) return 0;
    return Math.max(0, Math.ceil((calls.sum() * percent) / 100 + alwaysAllowed - retries.sum()));
  }
}
