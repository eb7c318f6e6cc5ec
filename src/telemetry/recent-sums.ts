/** Sums of what happened in the last minutes, step by step. Takes the same memory whatever happens. */
export interface RecentSums {
  add(column: number, amount?: number): void;
  /** Oldest step first; the last one has only begun. */
  series(column: number): number[];
  /** Of the last so many steps; of all unless told. */
  sum(column: number, steps?: number): number;
}

export interface RecentSumsSettings {
  readonly columns: number;
  readonly nowMs: () => number;
}

export const stepMs = 10_000;
export const stepCount = 30;

export function createRecentSums({ columns, nowMs }: RecentSumsSettings): RecentSums {
  const sums = new Float64Array(columns * stepCount);
  let newest = Math.floor(nowMs() / stepMs);

  /** Steps that nobody has added to are zero, too. */
  function advance(): void {
    const current = Math.floor(nowMs() / stepMs);
    for (let step = Math.max(newest + 1, current - stepCount + 1); step <= current; step += 1) {
      const from = (step % stepCount) * columns;
      sums.fill(0, from, from + columns);
    }
    newest = Math.max(newest, current);
  }

  function at(column: number, ago: number): number {
    return sums[((newest - ago + stepCount) % stepCount) * columns + column]!;
  }

  return {
    add(column, amount = 1) {
      advance();
      sums[(newest % stepCount) * columns + column]! += amount;
    },
    series(column) {
      advance();
      return Array.from({ length: stepCount }, (_, index) => at(column, stepCount - 1 - index));
    },
    sum(column, steps = stepCount) {
      advance();
      let sum = 0;
      for (let ago = 0; ago < Math.min(steps, stepCount); ago += 1) sum += at(column, ago);
      return sum;
    },
  };
}
