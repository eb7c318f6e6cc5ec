import { metricDefinitions } from '../../src/telemetry/metric-definitions.ts';
import { code, markdownTable } from './markdown-table.ts';

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
  readonly help: string;
}

export function metricsTable(definitions: Readonly<Record<string, Metric>> = metricDefinitions): string {
  const rows = Object.values(definitions).map(({ name, type, labelNames, help }) => [
    code(name),
    type,
    labelNames.map((label) => code(label)).join(', '),
    help,
  ]);
  return markdownTable(['Metric', 'Type', 'Labels', 'Meaning'], rows);
}
