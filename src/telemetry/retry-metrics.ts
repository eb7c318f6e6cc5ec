import type { Registry } from 'prom-client';

import { metricDefinitions as definitions } from './metric-definitions.ts';
import { createTally } from './tally.ts';

/** Why a call that did not come about isn't sent again. */
export type Withheld = 'final' | 'unclear' | 'attempts' | 'budget' | 'wait' | 'time';

export interface RetryMetrics {
  /** @param failure of the attempt before. */
  retried(upstream: string, failure: string): void;
  withheld(why: Withheld): void;
}

export function createRetryMetrics(registers: Registry[]): RetryMetrics {
  const retries = createTally(definitions.retries, registers);
  const withheld = createTally(definitions.retriesWithheld, registers);
  return {
    retried: (upstream, failure) => retries([upstream, failure], 1),
    withheld: (why) => withheld([why], 1),
  };
}
