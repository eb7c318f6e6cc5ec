import { type RecentSums, createRecentSums } from './recent-sums.ts';

/** `left`: its caller went away, or its time was over, which says nothing of the upstream. */
export type AttemptResult = 'well' | 'failed' | 'rateLimited' | 'left';

/** How the attempts of the last five minutes went, upstream by upstream. */
export interface UpstreamHealth {
  /** @param beganAfterMs how long the answer took to begin; undefined if there was none. */
  attempted(upstream: string, result: AttemptResult, beganAfterMs: number | undefined): void;
  /** An answer that had begun well broke off. */
  brokeOff(upstream: string): void;
  recent(upstream: string): RecentAttempts;
}

export interface RecentAttempts {
  readonly attempts: number;
  readonly failed: number;
  readonly rateLimited: number;
  /** Until an answer begins, to about a fifth; undefined if none has. */
  readonly medianMs: number | undefined;
  readonly p95Ms: number | undefined;
  /** In steps of ten seconds, oldest first. */
  readonly attemptsByStep: readonly number[];
  readonly failedByStep: readonly number[];
}

const columnOf = { attempts: 0, failed: 1, rateLimited: 2 };
const firstDurationColumn = 3;
/** Each class of durations reaches to 1.41 times the one before, from 5 ms to 4 minutes. */
const durationClasses = 32;
const shortestMs = 5;

export function createUpstreamHealth(nowMs: () => number): UpstreamHealth {
  /** By names of the configuration. */
  const sumsOf = new Map<string, RecentSums>();
  return {
    attempted(upstream, result, beganAfterMs) {
      if (result === 'left') return;
      const sums = ofUpstream(upstream);
      sums.add(columnOf.attempts);
      if (result !== 'well') sums.add(columnOf[result]);
      if (beganAfterMs !== undefined) sums.add(firstDurationColumn + classOf(beganAfterMs));
    },
    brokeOff: (upstream) => ofUpstream(upstream).add(columnOf.failed),
    recent(upstream) {
      const sums = ofUpstream(upstream);
      return {
        attempts: sums.sum(columnOf.attempts),
        failed: sums.sum(columnOf.failed),
        rateLimited: sums.sum(columnOf.rateLimited),
        medianMs: quantileMs(sums, 0.5),
        p95Ms: quantileMs(sums, 0.95),
        attemptsByStep: sums.series(columnOf.attempts),
        failedByStep: sums.series(columnOf.failed),
      };
    },
  };

  function ofUpstream(upstream: string): RecentSums {
    let sums = sumsOf.get(upstream);
    if (!sums) {
      sums = createRecentSums({ columns: firstDurationColumn + durationClasses, nowMs });
      sumsOf.set(upstream, sums);
    }
    return sums;
  }
}

function classOf(durationMs: number): number {
  const index = Math.ceil(2 * Math.log2(Math.max(durationMs, shortestMs) / shortestMs));
  return Math.min(index, durationClasses - 1);
}

/** The middle of the class that it lies in. */
function quantileMs(sums: RecentSums, share: number): number | undefined {
  const counts = Array.from({ length: durationClasses }, (_, index) => sums.sum(firstDurationColumn + index));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  const index = counts.findIndex((count) => (seen += count) >= total * share);
  return Math.round(shortestMs * 2 ** ((index - 0.5) / 2));
}
