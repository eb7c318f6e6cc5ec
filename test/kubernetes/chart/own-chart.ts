import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chartFolder } from './helm.ts';

export const examplesFolder = join(import.meta.dirname, '../../../examples/kubernetes');

interface Lifetime {
  after(end: () => void): void;
}

/** The example of a chart of one's own, with this chart as its dependency, as `helm dependency build` would put it. */
export function assembleOwnChart(test: Lifetime): string {
  const folder = mkdtempSync(join(tmpdir(), 'own-chart-'));
  test.after(() => rmSync(folder, { recursive: true }));
  cpSync(join(examplesFolder, 'own-chart'), folder, { recursive: true });
  cpSync(chartFolder, join(folder, 'charts/assistant-proxy'), { recursive: true });
  return folder;
}
