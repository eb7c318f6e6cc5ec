/**
 * Writes what follows from the sources: `npm run generate`. With `--check` it writes nothing, and fails if
 * something is stale.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ruleGroups } from '../alerts/alerts.ts';
import { dashboards } from '../dashboards/dashboards.ts';
import { injectorMetricDefinitions } from '../src/injector/injector-metrics.ts';
import { alertRules } from './generators/alert-rules.ts';
import { annotationsTable } from './generators/annotations-table.ts';
import { chartValuesTable } from './generators/chart-values-table.ts';
import { configurationTable } from './generators/configuration-table.ts';
import { errorsTable } from './generators/errors-table.ts';
import { metricsTable } from './generators/metrics-table.ts';
import { pipelinePicture } from './generators/pipeline-picture.ts';
import { valuesSchema } from './generators/values-schema.ts';

interface Generator {
  /** From the root of the repository. */
  readonly file: string;
  /** Only what stands between this marker's two comments is written; without it the whole file. */
  readonly marker?: string;
  render(): string;
}

const generators: readonly Generator[] = [
  { file: 'README.md', marker: 'configuration', render: configurationTable },
  { file: 'README.md', marker: 'errors', render: errorsTable },
  { file: 'README.md', marker: 'metrics', render: metricsTable },
  { file: 'docs/kubernetes.md', marker: 'annotations', render: annotationsTable },
  {
    file: 'docs/kubernetes.md',
    marker: 'metrics',
    render: () => metricsTable(injectorMetricDefinitions),
  },
  { file: 'docs/pipeline.svg', render: pipelinePicture },
  { file: 'charts/assistant-proxy/values.schema.json', render: valuesSchema },
  ...dashboards.map(({ file, dashboard }) => ({
    file: `charts/assistant-proxy/dashboards/${file}`,
    render: () => `${JSON.stringify(dashboard, undefined, 2)}\n`,
  })),
  ...ruleGroups.map((group) => ({
    file: `charts/assistant-proxy/rules/${group.name}.yaml`,
    render: () => alertRules(group),
  })),
  { file: 'charts/assistant-proxy/README.md', marker: 'values', render: chartValuesTable },
];

/** The stale files, after they were brought up to date if `write` is set. */
export function generate(root: string, { write }: { write: boolean }): string[] {
  const stale = new Set<string>();
  for (const generator of generators) {
    const path = join(root, generator.file);
    const current = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const wanted = apply(generator, current);
    if (wanted === current) continue;
    stale.add(generator.file);
    if (!write) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, wanted);
  }
  return [...stale];
}

function apply({ file, marker, render }: Generator, current: string): string {
  if (marker === undefined) return render();
  const [open, close] = [`<!-- generated:${marker} -->`, `<!-- /generated:${marker} -->`];
  const start = current.indexOf(open);
  const end = current.indexOf(close, start);
  if (start < 0 || end < 0) throw new Error(`${file} lacks ${open} or, below it, ${close}`);
  return `${current.slice(0, start)}${open}\n\n${render()}\n${current.slice(end)}`;
}

if (import.meta.main) {
  const write = !process.argv.includes('--check');
  const stale = generate(join(import.meta.dirname, '..'), { write });
  for (const file of stale) console.log(`${write ? 'wrote' : 'stale, run npm run generate:'} ${file}`);
  if (!write && stale.length > 0) process.exitCode = 1;
}
