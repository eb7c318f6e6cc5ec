import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';

import { stringify } from 'yaml';

import {
  chartFolder,
  helm,
  identityOf,
  type KubernetesObject,
  templateObjects,
  valuesCases,
} from './helm.ts';

const folder = join(import.meta.dirname, 'golden');
const isUpdating = process.env['UPDATE_GOLDEN'] !== undefined;

describe('each values file renders what stands in golden/ (else: UPDATE_GOLDEN=1 node --test test/kubernetes/chart/golden.test.ts)', () => {
  for (const { name, title, file } of valuesCases) {
    test(`${name}: ${title}`, () => {
      const goldenFile = join(folder, `${name}.yaml`);
      const text = goldenText(templateObjects({ files: [file] }));
      if (isUpdating) writeFileSync(goldenFile, text);
      assert.ok(existsSync(goldenFile), 'there is no golden file yet');
      assert.equal(text, readFileSync(goldenFile, 'utf8'));
    });
  }

  test('there is a values file for each golden one', () => {
    const names = readdirSync(folder).map((file) => basename(file, '.yaml'));
    assert.deepEqual(names.toSorted(), valuesCases.map(({ name }) => name).toSorted());
  });
});

test('helm lint finds nothing, strictly, with each values file', () => {
  for (const { file } of valuesCases) {
    const told = helm(['lint', '--strict', chartFolder, '--values', file]);
    assert.match(told, /1 chart\(s\) linted, 0 chart\(s\) failed/);
    assert.doesNotMatch(told, /\[(WARNING|ERROR)\]/);
  }
});

/** In an order of their own. What is generated elsewhere, and tested in monitoring.test.ts, is not repeated. */
function goldenText(objects: readonly KubernetesObject[]): string {
  const isDashboard = ({ metadata }: KubernetesObject) => metadata.labels['grafana_dashboard'] !== undefined;
  const shown = objects
    .filter((object) => !isDashboard(object))
    .map((object) => (object.kind === 'PrometheusRule' ? { ...object, spec: '...' } : object))
    .toSorted((one, other) => (identityOf(one) < identityOf(other) ? -1 : 1));
  return shown
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true }))
    .join('---\n');
}
