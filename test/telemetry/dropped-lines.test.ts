import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';

import { createLogger } from '../../src/telemetry/logger.ts';
import { until } from '../harness/redis.ts';

/** The end of a pipe that is read from, which nobody does yet, and the one that is written to. */
function openPipe(t: TestContext): { pipe: string; reading: number; writing: number } {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reading = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  return { pipe, reading, writing: openSync(pipe, 'w') };
}

test('each line is read in the end, or counted as dropped while the reader was stuck', async (t) => {
  const { pipe, reading, writing } = openPipe(t);
  const { log, tellDropped, close } = createLogger('info', writing);
  let dropped = 0;
  const lines = 20_000;
  for (let sent = 0; sent < lines; sent += 1) log.info({ text: 'x'.repeat(1000) });
  tellDropped((count) => (dropped += count));
  assert.ok(dropped > 1000, `${dropped} dropped`);
  let read = 0;
  const reader = createInterface({ input: createReadStream(pipe) });
  reader.on('line', () => (read += 1));
  await until(async () => read + dropped === lines);
  await close();
  closeSync(reading);
});

test('lines for a reader that has gone are counted as dropped', async (t) => {
  const { reading, writing } = openPipe(t);
  const { log, tellDropped, close } = createLogger('info', writing);
  let dropped = 0;
  tellDropped((count) => (dropped += count));
  closeSync(reading);
  await until(async () => {
    log.info('nobody reads this');
    return dropped > 0;
  });
  await close();
});

test('a full disk behind the output ends nothing', async () => {
  const { log, close } = createLogger('info', openSync('/dev/full', 'w'));
  log.info('a');
  await new Promise((resolve) => setTimeout(resolve, 300));
  log.info('b');
  await close();
});
