import { configDefinitions } from './config-definitions.ts';
import { driftDefinitions } from './drift-definitions.ts';
import { ledgerDefinitions } from './ledger-definitions.ts';
import { processDefinitions } from './process-definitions.ts';
import { redactionDefinitions } from './redaction-definitions.ts';
import { requestDefinitions } from './request-definitions.ts';
import { runDefinitions } from './run-definitions.ts';
import { upstreamDefinitions } from './upstream-definitions.ts';
import { usageDefinitions } from './usage-definitions.ts';

/**
 * Every metric, defined once: the registries and the README's table are made from here. Names follow Prometheus'
 * habits: base units, `_total` on counters. Label values come from closed sets, or are bounded.
 */
export const metricDefinitions = {
  ...requestDefinitions,
  ...usageDefinitions,
  ...ledgerDefinitions,
  ...redactionDefinitions,
  ...upstreamDefinitions,
  ...runDefinitions,
  ...driftDefinitions,
  ...configDefinitions,
  ...processDefinitions,
};
