import { Gauge, type Registry } from 'prom-client';

import type { boundedLabel } from './bounded-label.ts';
import { metricDefinitions as definitions } from './metric-definitions.ts';
import { createTally } from './tally.ts';

export interface UpstreamLimitMetrics {
  seen(model: string, kind: string, limit: { readonly limit: number; readonly remaining: number }): void;
  slowed(model: string, waitMs: number): void;
}

export function createUpstreamLimitMetrics(
  registers: Registry[],
  modelLabel: ReturnType<typeof boundedLabel>,
): UpstreamLimitMetrics {
  const limits = new Gauge({ ...definitions.upstreamLimit, registers });
  const remainders = new Gauge({ ...definitions.upstreamRemaining, registers });
  const slowed = createTally(definitions.upstreamPacing, registers);
  return {
    seen(model, kind, { limit, remaining }) {
      const labels = { model: modelLabel(model), kind };
      limits.set(labels, limit);
      remainders.set(labels, remaining);
    },
    slowed: (model, waitMs) => slowed([modelLabel(model)], waitMs / 1000),
  };
}
