import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { type LogSink, createLogger } from '../../src/telemetry/logger.ts';

const fields = {
  requestId: 'req_1',
  traceId: undefined,
  model: 'a "model" with \\ and \u0007, \u2028, é and \ud800',
  status: 200,
  costUsd: 0.000_123,
  replayed: true,
};

function openLog(t: TestContext, level: string): { sink: LogSink; lines: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  const sink = createLogger(level, openSync(file, 'a'));
  return { sink, lines: () => (sink.flush(), readFileSync(file, 'utf8').split('\n').slice(0, -1)) };
}

test('the line of a request is the one that pino would write', (t) => {
  const { sink, lines } = openLog(t, 'info');
  sink.log.info(fields, 'request');
  sink.logRequest('info', fields);
  sink.log.warn(fields, 'request');
  sink.logRequest('warn', fields);
  const [info, infoOfRequest, warn, warnOfRequest] = lines().map((line) =>
    line.replace(/"time":\d{13},/, '"time":0,'),
  );
  assert.match(info!, /"time":0,/);
  assert.equal(infoOfRequest, info);
  assert.equal(warnOfRequest, warn);
});

test('lines keep their order, whoever writes them', (t) => {
  const { sink, lines } = openLog(t, 'info');
  for (let at = 0; at < 100; at += 1) {
    if (at % 3 === 0) sink.logRequest('info', { at });
    else if (at % 3 === 1) sink.log.info({ at }, 'other');
    else sink.audit('denied', { at });
  }
  const order = lines().map((line) => (JSON.parse(line) as { at: number }).at);
  assert.deepEqual(order, [...Array.from({ length: 100 }).keys()]);
});

test('a level that is not asked for has no lines of requests, from when it is set', (t) => {
  const { sink, lines } = openLog(t, 'warn');
  sink.logRequest('info', { at: 0 });
  sink.logRequest('warn', { at: 1 });
  sink.log.level = 'error';
  sink.logRequest('warn', { at: 2 });
  sink.log.level = 'info';
  sink.logRequest('info', { at: 3 });
  assert.deepEqual(
    lines().map((line) => (JSON.parse(line) as { at: number }).at),
    [1, 3],
  );
});

const tellsWhy = `log.error('why it ends');`;
for (const [how, lastWords, expected] of [
  ['throws', `throw new Error('x');`, ['request']],
  ['rejects', `void Promise.reject(new Error('x'));`, ['request']],
  ['tells why and throws', `${tellsWhy} throw new Error('x');`, ['request', 'why it ends']],
] as const) {
  test(`the last lines of a process that ${how} in the middle of a turn are written`, () => {
    const logger = join(import.meta.dirname, '../../src/telemetry/logger.ts');
    const script = `
      import { createLogger } from ${JSON.stringify(logger)};
      const { log, logRequest } = createLogger('info', 1);
      setTimeout(() => {
        logRequest('info', { requestId: 'last' });
        ${lastWords}
      }, 10);
    `;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
    });
    assert.notEqual(status, 0);
    const told = stdout.split('\n').slice(0, -1);
    assert.deepEqual(
      told.map((line) => (JSON.parse(line) as { msg: string }).msg),
      expected,
    );
  });
}
