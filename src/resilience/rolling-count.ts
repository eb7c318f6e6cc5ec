/** Counts what happened in the last `windowMs`, in tenths of that. */
export interface RollingCount {
  add(): void;
  sum(): number;
  clear(): void;
}

const buckets = 10;

export function createRollingCount(windowMs: number, nowMs: () => number): RollingCount {
  const bucketMs = windowMs / buckets;
  const counts = Array.from({ length: buckets }, () => 0);
  let total = 0;
  let newest = Math.floor(nowMs() / bucketMs);

  function advance(): void {
    const current = Math.floor(nowMs() / bucketMs);
    if (current <= newest) return;
    const firstPassed = Math.max(newest + 1, current - buckets + 1);
    for (let bucket = firstPassed; bucket <= current; bucket += 1) {
      total -= counts[bucket % buckets]!;
      counts[bucket % buckets] = 0;
    }
    newest = current;
  }

  return {
    add() {
      advance();
      counts[newest % buckets]! += 1;
      total += 1;
    },
    sum() {
      advance();
      return total;
    },
    clear() {
      counts.fill(0);
      total = 0;
    },
  };
}
