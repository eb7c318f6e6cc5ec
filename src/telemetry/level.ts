import type { MetricDefinition } from './metric-definition.ts';
import { type Registers, expose } from './registers.ts';
import { createSeries } from './series.ts';

/** Sets the series that has these label values, in the order of the definition's label names. */
export type Level = (labelValues: readonly string[], value: number) => void;

/** A gauge for the hot path, of which prom-client hears when it is scraped. */
export function createLevel(
  definition: MetricDefinition & { readonly type: 'gauge' },
  registers: Registers,
): Level {
  if (registers.length === 0) return () => {};
  const series = createSeries(definition.labelNames, () => ({ value: 0 }));
  expose(definition, registers, () =>
    Iterator.from(series.all()).map(({ labels, state }) => ({ labels, value: state.value })),
  );
  return (labelValues, value) => {
    series.of(labelValues).value = value;
  };
}
