import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parse, stringify } from 'yaml';

import { chartFolder, identityOf, type KubernetesObject, templateObjects } from './helm.ts';

/** Each version's values, all of them, as a release keeps them; beside them what an upgrade must not change. */
const folder = join(import.meta.dirname, 'upgrades');
const versions = readdirSync(folder)
  .filter((file) => file.endsWith('.values.yaml'))
  .map((file) => file.slice(0, -'.values.yaml'.length));
const { version: currentVersion } = parse(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8')) as {
  version: string;
};

describe('an upgrade', () => {
  test('from this version is watched over as well', () => assert.ok(versions.includes(currentVersion)));

  for (const version of versions) {
    const valuesFile = join(folder, `${version}.values.yaml`);

    test(`from ${version} with its values takes them, and takes away or changes nothing that can't be changed`, () => {
      const fixed = fixedParts(templateObjects({ files: [valuesFile] }));
      const fixedFile = join(folder, `${version}.fixed.yaml`);
      // What a version once was stays; only that of this one is still being made.
      if (process.env['UPDATE_GOLDEN'] !== undefined && version === currentVersion) {
        writeFileSync(fixedFile, stringify(fixed, { aliasDuplicateObjects: false }));
      }
      assert.ok(existsSync(fixedFile));
      const before = parse(readFileSync(fixedFile, 'utf8')) as Record<string, unknown>;
      // There may be more now.
      const after = Object.entries(fixed).filter(([identity]) => Object.hasOwn(before, identity));
      assert.deepEqual(Object.fromEntries(after), before);
    });

    test(`from ${version} with --reuse-values, which knows no newer values, renders the same`, (t) => {
      const chart = mkdtempSync(join(tmpdir(), 'chart-'));
      t.after(() => rmSync(chart, { recursive: true }));
      cpSync(chartFolder, chart, { recursive: true });
      copyFileSync(valuesFile, join(chart, 'values.yaml'));
      assert.deepEqual(templateObjects({ chart }), templateObjects({ files: [valuesFile] }));
    });
  }
});

/** Which objects there are, and of them the fields that the API server lets nobody change. */
function fixedParts(objects: readonly KubernetesObject[]): Record<string, unknown> {
  return Object.fromEntries(
    objects
      .map((object): [string, unknown] => [identityOf(object), fixedPart(object)])
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

function fixedPart(object: KubernetesObject): unknown {
  const { kind, spec, type, roleRef } = object as KubernetesObject & { type?: unknown; roleRef?: unknown };
  if (kind === 'Deployment') return (spec as { selector: unknown }).selector;
  if (kind === 'Secret') return type;
  return roleRef ?? null;
}
