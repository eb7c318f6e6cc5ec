import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { parse } from 'yaml';

import { stampChart } from '../../../scripts/stamp-chart.ts';
import { templateText } from './helm.ts';

const root = join(import.meta.dirname, '../../..');
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

describe('a release', () => {
  test('has a chart of its own version, whose every container is the image, by digest', (t) => {
    const copy = copyOfSources(t);
    stampChart(copy, { version, image: 'ghcr.io/acme/assistant-proxy', digest });
    const text = templateText({ chart: join(copy, 'charts/assistant-proxy') });
    const images = new Set([...text.matchAll(/^\s+image: (\S+)$/gm)].map(([, image]) => image));
    assert.deepEqual([...images], [`ghcr.io/acme/assistant-proxy@${digest}`]);
  });

  test('leaves the comments of the values, of which the README is made', (t) => {
    const copy = copyOfSources(t);
    const valuesFile = join(copy, 'charts/assistant-proxy/values.yaml');
    const comments = () => readFileSync(valuesFile, 'utf8').match(/# .*/g);
    const before = comments();
    stampChart(copy, { version, image: 'ghcr.io/acme/assistant-proxy', digest });
    assert.deepEqual(comments(), before);
  });

  test('is none of sources with another version, nor with an image that has no digest', (t) => {
    const copy = copyOfSources(t);
    const image = 'ghcr.io/acme/assistant-proxy';
    assert.throws(() => stampChart(copy, { version: '9.9.9', image, digest }), /is 0.*, and not 9\.9\.9/);
    assert.throws(() => stampChart(copy, { version, image, digest: 'latest' }), /latest is no digest/);
    assert.throws(() => stampChart(copy, { version, image: `${image}@${digest}`, digest }), /no repository/);
  });
});

describe('the release pipeline', () => {
  const text = readFileSync(join(root, '.github/workflows/release.yaml'), 'utf8');
  const { jobs, permissions } = parse(text) as {
    permissions: object;
    jobs: Record<string, { needs?: string; steps: { uses?: string; with?: Record<string, unknown> }[] }>;
  };

  test('runs nothing but what is pinned by commit, after all tests, and with no rights that a job does not name', () => {
    const used = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    assert.ok(used.length > 5);
    for (const action of used) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    assert.deepEqual(permissions, {});
    assert.equal(jobs['release']!.needs, 'check');
  });

  test('gives the image a bill of materials and its provenance', () => {
    const build = jobs['release']!.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    assert.equal(build!.with!['sbom'], true);
    assert.equal(build!.with!['provenance'], 'mode=max');
  });
});

function copyOfSources(t: TestContext): string {
  const copy = mkdtempSync(join(tmpdir(), 'release-'));
  t.after(() => rmSync(copy, { recursive: true }));
  cpSync(join(root, 'charts'), join(copy, 'charts'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  return copy;
}
