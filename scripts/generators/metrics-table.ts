import { metricDefinitions } from '../../src/telemetry/metric-definitions.ts';
import { code, markdownTable } from './markdown-table.ts';

export function metricsTable(): string {
  const rows = Object.values(metricDefinitions).map(({ name, type, labelNames, help }) => [
    code(name),
    type,
    labelNames.map((label) => code(label)).join(', '),
    help,
  ]);
  return markdownTable(['Metric', 'Type', 'Labels', 'Meaning'], rows);
}
