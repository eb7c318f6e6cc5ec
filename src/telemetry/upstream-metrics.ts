import { Gauge, type Registry } from 'prom-client';

import { metricDefinitions as definitions } from './metric-definitions.ts';
import { createTally } from './tally.ts';

type CircuitState = 'closed' | 'open' | 'halfOpen';

export interface UpstreamMetrics {
  circuitChanged(upstream: string, state: CircuitState): void;
  /** Asked when metrics are scraped. */
  queueFrom(upstream: string, count: { running(): number; waiting(): number }): void;
}

const numbers: Readonly<Record<CircuitState, number>> = { closed: 0, halfOpen: 1, open: 2 };

export function createUpstreamMetrics(registers: Registry[]): UpstreamMetrics {
  const circuits = new Gauge({ ...definitions.circuitState, registers });
  const openings = createTally(definitions.circuitOpenings, registers);
  const queues = new Map<string, { running(): number; waiting(): number }>();
  const running: Gauge = new Gauge({
    ...definitions.upstreamRunning,
    registers,
    collect: () => queues.forEach((count, upstream) => running.set({ upstream }, count.running())),
  });
  const waiting: Gauge = new Gauge({
    ...definitions.upstreamWaiting,
    registers,
    collect: () => queues.forEach((count, upstream) => waiting.set({ upstream }, count.waiting())),
  });
  return {
    circuitChanged(upstream, state) {
      circuits.set({ upstream }, numbers[state]);
      if (state === 'open') openings([upstream], 1);
    },
    queueFrom: (upstream, count) => void queues.set(upstream, count),
  };
}
