import type { BoundedLabel } from './bounded-label.ts';
import { createLevel } from './level.ts';
import type { Registers } from './registers.ts';
import { createTally } from './tally.ts';
import { upstreamDefinitions as definitions } from './upstream-definitions.ts';

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
  registers: Registers,
  modelLabel: BoundedLabel,
): UpstreamLimitMetrics {
  const limits = createLevel(definitions.upstreamLimit, registers);
  const remainders = createLevel(definitions.upstreamRemaining, registers);
  const slowed = createTally(definitions.upstreamPacing, registers);
  return {
    seen(upstream, model, kind, { limit, remaining }) {
      const labels = [upstream, modelLabel(model), kind];
      limits(labels, limit);
      remainders(labels, remaining);
    },
    slowed: (upstream, model, waitMs) => slowed([upstream, modelLabel(model)], waitMs / 1000),
  };
}
