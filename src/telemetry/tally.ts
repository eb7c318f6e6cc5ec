import { Counter, type Registry } from 'prom-client';

interface TallyDefinition {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Adds to the series that has these label values, in the order of the definition's label names. */
export type Tally = (labelValues: readonly string[], amount: number) => void;

/**
 * A counter for the hot path, where several are added to at every request: adding costs a map look-up, and
 * prom-client hears of it when it is scraped.
 */
export function createTally({ name, help, labelNames }: TallyDefinition, registers: Registry[]): Tally {
  const series = new Map<string, { readonly labels: Record<string, string>; total: number }>();
  const counter: Counter = new Counter({
    name,
    help,
    labelNames,
    registers,
    collect() {
      counter.reset();
      for (const { labels, total } of series.values()) counter.inc(labels, total);
    },
  });
  return (labelValues, amount) => {
    const key = labelValues.join('\n');
    const known = series.get(key);
    if (known) known.total += amount;
    else {
      const pairs = labelNames.map((label, index) => [label, labelValues[index] ?? '']);
      series.set(key, { labels: Object.fromEntries(pairs) as Record<string, string>, total: amount });
    }
  };
}
