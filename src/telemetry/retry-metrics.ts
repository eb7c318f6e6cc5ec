import { type Registers, expose } from './registers.ts';
import { createTally } from './tally.ts';
import { upstreamDefinitions as definitions } from './upstream-definitions.ts';

/** Why a call that did not come about isn't sent again. */
export type Withheld = 'final' | 'unclear' | 'attempts' | 'budget' | 'wait' | 'time';

export interface RetryMetrics {
  /** @param failure of the attempt before. */
  retried(upstream: string, failure: string): void;
  withheld(why: Withheld): void;
  /** Asked when metrics are scraped. */
  budgetFrom(left: () => number): void;
}

export function createRetryMetrics(registers: Registers): RetryMetrics {
  const retries = createTally(definitions.retries, registers);
  const withheld = createTally(definitions.retriesWithheld, registers);
  let left: (() => number) | undefined;
  expose(definitions.retryBudgetLeft, registers, () => (left ? [{ labels: {}, value: left() }] : []));
  return {
    retried: (upstream, failure) => retries([upstream, failure], 1),
    withheld: (why) => withheld([why], 1),
    budgetFrom(from) {
      left = from;
    },
  };
}
