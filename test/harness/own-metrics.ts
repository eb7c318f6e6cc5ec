import { type Metrics, createMetrics } from '../../src/telemetry/metrics.ts';

/** Metrics as a sidecar has them, for what is tested below it. */
export function createOwnMetrics(): Metrics {
  return createMetrics({
    metrics: true,
    maxModelLabels: 10,
    maxIdentityLabels: 10,
    maxBudgetScopes: 10,
    version: '0.0.0',
  });
}

/** In Prometheus' text format. */
export async function textOf(metrics: Metrics): Promise<string> {
  const exposition = await metrics.exposition();
  return exposition?.text ?? '';
}
