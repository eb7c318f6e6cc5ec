import { budgetsAndCost } from './budgets-and-cost.ts';
import { overview } from './overview.ts';
import { redactionAndGuardrails } from './redaction-and-guardrails.ts';
import { runs } from './runs.ts';
import { sidecarHealth } from './sidecar-health.ts';
import { upstreamAndRetries } from './upstream-and-retries.ts';

export const dashboards = [
  { file: 'overview.json', dashboard: overview },
  { file: 'budgets-and-cost.json', dashboard: budgetsAndCost },
  { file: 'runs.json', dashboard: runs },
  { file: 'upstream-and-retries.json', dashboard: upstreamAndRetries },
  { file: 'redaction-and-guardrails.json', dashboard: redactionAndGuardrails },
  { file: 'sidecar-health.json', dashboard: sidecarHealth },
];
