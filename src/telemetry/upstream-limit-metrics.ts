import { Gauge, type Registry } from 'prom-client';

import type { boundedLabel } from './bounded-label.ts';
import { metricDefinitions as definitions } from './metric-definitions.ts';
import { createTally } from './tally.ts';

export interface UpstreamLimitMetrics {
  /** @param upstream its name in the configuration. */
  seen(
    upstream: string,
    model: string,
    kind: string,
    limit: { readonly limit: number; readonly remaining: number },
  ): void;
  slowed(upstream: string, model: string, waitMs: number): void;
}

export function createUpstreamLimitMetrics(
  registers: Registry[],
  modelLabel: ReturnType<typeof boundedLabel>,
): UpstreamLimitMetrics {
  const limits = new Gauge({ ...definitions.upstreamLimit, registers });
  const remainders = new Gauge({ ...definitions.upstreamRemaining, registers });
  const slowed = createTally(definitions.upstreamPacing, registers);
  return {
    seen(upstream, model, kind, { limit, remaining }) {
      const labels = { upstream, model: modelLabel(model), kind };
      limits.set(labels, limit);
      remainders.set(labels, remaining);
    },
    slowed: (upstream, model, waitMs) => slowed([upstream, modelLabel(model)], waitMs / 1000),
  };
}
