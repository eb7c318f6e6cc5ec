import { createDistribution } from './distribution.ts';
import { type Registers, expose } from './registers.ts';
import { runDefinitions as definitions } from './run-definitions.ts';
import { createTally } from './tally.ts';

/** A run that is carried on now. */
export interface RunUnderWay {
  readonly status: string;
  readonly createdAtMs: number;
}

export interface RunMetrics {
  /** Asked when metrics are scraped. */
  underWay(read: () => readonly RunUnderWay[]): void;
  /** @param status one of the API's. */
  ended(status: string, durationMs: number): void;
  adopted(): void;
}

export function createRunMetrics(registers: Registers, nowMs: () => number = Date.now): RunMetrics {
  const ended = createTally(definitions.runsEnded, registers);
  const duration = createDistribution(definitions.runDuration, registers);
  const adopted = createTally(definitions.runsAdopted, registers);
  let read: () => readonly RunUnderWay[] = () => [];
  expose(definitions.runs, registers, () =>
    byStatus().map(([status, runs]) => ({ labels: { status }, value: runs.length })),
  );
  expose(definitions.runOldestAge, registers, () =>
    byStatus().map(([status, runs]) => ({ labels: { status }, value: oldestAgeSeconds(runs) })),
  );

  /** Those of which there is none are told, too: a gauge that is gone keeps an alert in doubt. */
  function byStatus(): [status: string, runs: readonly RunUnderWay[]][] {
    const runs = read();
    return statuses.map((status) => [status, runs.filter((run) => run.status === status)]);
  }

  function oldestAgeSeconds(runs: readonly RunUnderWay[]): number {
    return runs.reduce((oldest, run) => Math.max(oldest, (nowMs() - run.createdAtMs) / 1000), 0);
  }

  return {
    underWay(from) {
      read = from;
    },
    ended(status, durationMs) {
      ended([status], 1);
      duration([status], durationMs / 1000);
    },
    adopted: () => adopted([], 1),
  };
}

/** In which somebody carries a run on. */
const statuses = ['queued', 'in_progress', 'requires_action', 'cancelling'];
