import type { Registry } from 'prom-client';

import { boundedLabel } from './bounded-label.ts';
import { metricDefinitions as definitions } from './metric-definitions.ts';
import { createTally } from './tally.ts';

/** What kept redaction from its work. */
export type RedactionFailure =
  | 'analyzer_timeout'
  | 'analyzer_unreachable'
  | 'analyzer_answer'
  | 'store'
  | 'answer_size'
  | 'internal';

export interface RedactionMetrics {
  /** @param entity a built-in one, or one that the configuration names; never what was found. */
  redacted(finding: { readonly entity: string; readonly operation: string; readonly mode: string }): void;
  optedOut(operation: string): void;
  failed(reason: RedactionFailure): void;
}

/** More than anybody configures: what an analyzer answers must not grow the metrics without end. */
const maxEntityLabels = 300;

export function createRedactionMetrics(registers: Registry[]): RedactionMetrics {
  const redactions = createTally(definitions.redactions, registers);
  const optOuts = createTally(definitions.redactionOptOuts, registers);
  const failures = createTally(definitions.redactionFailures, registers);
  const entityLabel = boundedLabel(maxEntityLabels);
  return {
    redacted: ({ entity, operation, mode }) => redactions([entityLabel(entity), operation, mode], 1),
    optedOut: (operation) => optOuts([operation], 1),
    failed: (reason) => failures([reason], 1),
  };
}
