/**
 * Writes into the chart which image it is released with:
 *
 *   node scripts/stamp-chart.ts --version 1.2.3 --image registry.example/assistant-proxy --digest sha256:...
 *
 * The version must be that of package.json and of the chart: a release changes no sources but the image's address.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { parseDocument } from 'yaml';

export interface Release {
  readonly version: string;
  /** Without tag and digest. */
  readonly image: string;
  readonly digest: string;
}

/** Throws if the sources are not those of the version, or the image is not one. */
export function stampChart(root: string, { version, image, digest }: Release): void {
  const chartFile = join(root, 'charts/assistant-proxy/Chart.yaml');
  const valuesFile = join(root, 'charts/assistant-proxy/values.yaml');
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const chart = parseDocument(readFileSync(chartFile, 'utf8'));
  const versions = {
    'package.json': manifest.version,
    'version in Chart.yaml': chart.get('version'),
    'appVersion in Chart.yaml': chart.get('appVersion'),
  };
  for (const [where, written] of Object.entries(versions)) {
    if (written !== version) throw new Error(`${where} is ${String(written)}, and not ${version}`);
  }
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`${digest} is no digest`);
  if (!/^[a-z0-9.:/_-]+$/.test(image)) throw new Error(`${image} is no repository of an image`);

  const values = parseDocument(readFileSync(valuesFile, 'utf8'));
  values.setIn(['image', 'repository'], image);
  values.setIn(['image', 'digest'], digest);
  chart.setIn(
    ['annotations', 'artifacthub.io/images'],
    `- name: assistant-proxy\n  image: ${image}@${digest}\n`,
  );
  const unfolded = { lineWidth: 0, singleQuote: true };
  writeFileSync(valuesFile, values.toString(unfolded));
  writeFileSync(chartFile, chart.toString(unfolded));
}

if (import.meta.main) {
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({ options: { version: text, image: text, digest: text } });
  stampChart(join(import.meta.dirname, '..'), values);
}
