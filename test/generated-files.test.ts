import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Errors } from 'typebox/schema';
import { parse } from 'yaml';

import { generate } from '../scripts/generate.ts';
import { valuesSchema } from '../scripts/generators/values-schema.ts';
import { checkConfig } from '../src/config/check.ts';

const root = join(import.meta.dirname, '..');

test('every generated file is up to date (else: npm run generate)', () => {
  assert.deepEqual(generate(root, { write: false }), []);
});

test('a stale file is named, brought up to date once, and kept outside the markers', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'generate-'));
  t.after(() => rmSync(copy, { recursive: true }));
  for (const part of ['README.md', 'charts', 'docs'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  const readme = join(copy, 'README.md');
  const text = readFileSync(readme, 'utf8');
  writeFileSync(readme, text.replace('`listen.port`', '`listen.prot`'));

  assert.deepEqual(generate(copy, { write: false }), ['README.md']);
  assert.deepEqual(generate(copy, { write: true }), ['README.md']);
  assert.equal(readFileSync(readme, 'utf8'), text);
  assert.deepEqual(generate(copy, { write: true }), []);
});

test('a README without its markers is an error, not a silent success', (t) => {
  const empty = mkdtempSync(join(tmpdir(), 'generate-'));
  t.after(() => rmSync(empty, { recursive: true }));
  assert.throws(() => generate(empty, { write: true }), /README\.md lacks <!-- generated:configuration -->/);
});

test("the chart's schema takes every configuration file that the sidecar takes", () => {
  const { report } = checkConfig({ env: { OPENAI_API_KEY: 'sk-1' } });
  const effective = parse(report.slice(report.indexOf('\n\n'))) as Record<string, unknown>;
  const { injector, ...ofSidecars } = effective;
  assert.deepEqual(chartErrors(ofSidecars), []);
  assert.deepEqual(chartErrors({}, { injector: { config: injector } }), []);
  assert.deepEqual(chartErrors({}), []);
  assert.deepEqual(
    chartErrors({ listen: { port: '${PORT:-8080}' }, telemetry: { logLevel: '${LEVEL}' } }),
    [],
  );
});

test("the chart's schema refuses unknown keys and bad values at any depth", () => {
  assert.deepEqual(chartErrors({ lisen: {} }), ['/config']);
  assert.deepEqual(chartErrors({ listen: { prot: 1 } }), ['/config/listen']);
  assert.ok(chartErrors({ listen: { port: 65_536 } }).includes('/config/listen/port'));
  assert.ok(chartErrors({ listen: { port: '8080' } }).includes('/config/listen/port'));
  assert.ok(chartErrors({ telemetry: { logLevel: 'loud' } }).includes('/config/telemetry/logLevel'));
});

/** Where the chart's schema finds fault with `config`. */
function chartErrors(config: unknown, others: object = {}): string[] {
  const schema = JSON.parse(valuesSchema()) as Record<string, unknown>;
  const [, errors] = Errors(schema, { config, ...others });
  return errors.filter(({ keyword }) => keyword !== 'boolean').map(({ instancePath }) => instancePath);
}
