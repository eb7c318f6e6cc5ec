import assert from 'node:assert/strict';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { createLogger } from '../../src/telemetry/logger.ts';

test('what is told after the log was closed is dropped, and fails nobody', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  const { log, close } = createLogger('info', openSync(file, 'a'));
  log.info('before');
  const closed = close();
  log.error('while it closes');
  await closed;
  log.error('after');
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['before'],
  );
});
