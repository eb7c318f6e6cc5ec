import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { searchForLeaks } from './leak-search.ts';

for (const mode of ['mask', 'hash', 'pseudonymize'] as const) {
  test(`personal data in every field of every operation is found nowhere (${mode}, in files)`, async (t) => {
    const stateDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
    t.after(() => rmSync(stateDir, { recursive: true }));
    await searchForLeaks(t, mode, { yaml: `stateDir: ${stateDir}`, stateDir });
  });
}

test('the same search finds it where nothing is redacted', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  await assert.rejects(searchForLeaks(t, 'observe', { yaml: `stateDir: ${stateDir}`, stateDir }), /upstream/);
});
