import type { MetricDefinition } from './metric-definition.ts';
import { type Registers, expose } from './registers.ts';
import { createSeries } from './series.ts';

/** Adds to the series that has these label values, in the order of the definition's label names. */
export type Tally = (labelValues: readonly string[], amount: number) => void;

/**
 * A counter for the hot path, where several are added to at every request: adding costs a few map look-ups, and
 * prom-client hears of it when it is scraped.
 *
 * @param maxSeries how many series it may have before those of callers' own label values become one.
 */
export function createTally(
  definition: MetricDefinition & { readonly type: 'counter' },
  registers: Registers,
  maxSeries?: number,
): Tally {
  if (registers.length === 0) return () => {};
  const { labelNames } = definition;
  const series = createSeries(labelNames, () => ({ total: 0 }), maxSeries);
  // Of one that has no labels Prometheus should know also that it is zero.
  if (labelNames.length === 0) series.of([]);
  for (const labelValues of definition.seldom ?? []) series.of(labelValues);
  expose(definition, registers, () =>
    Iterator.from(series.all()).map(({ labels, state }) => ({ labels, value: state.total })),
  );
  return (labelValues, amount) => {
    series.of(labelValues).total += amount;
  };
}
