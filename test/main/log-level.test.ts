import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { pino } from 'pino';

import { watchLogLevel } from '../../src/composition/watch-log-level.ts';
import { logLevelFile, removeLogLevel, writeLogLevel } from '../../src/watching/log-level-file.ts';
import { spawnSidecar } from '../harness/processes.ts';
import { until } from '../harness/redis.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

const limits = 'limits: [{ name: calls, requests: { rate: 1000, per: second } }]';

/** A sidecar in a process of its own, and the command as it is run beside it. */
async function start(t: TestContext) {
  const stateDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  const config = join(stateDir, 'config.yaml');
  writeFileSync(config, limits);
  const upstream = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const env = {
    ASSISTANT_PROXY_CONFIG: config,
    ASSISTANT_PROXY_STORE_STATE_DIR: stateDir,
  };
  const sidecar = await spawnSidecar(t, upstream.url, env);
  const lines = () =>
    sidecar
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { sidecar, stateDir, command: logLevelCommand(env), lines };
}

function logLevelCommand(env: Record<string, string>) {
  return (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        ['src/main.ts', 'log-level', ...args],
        {
          cwd: join(import.meta.dirname, '../..'),
          env: { PATH: process.env['PATH'], OPENAI_API_KEY: 'sk-x', ...env },
        },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
}

test('a command changes the level of a running sidecar, which falls back when the time is over', async (t) => {
  const { sidecar, command, lines } = await start(t);
  const isTold = (msg: string) => lines().some((line) => line['msg'] === msg);
  const call = async () => (await fetch(`${sidecar.url}/models`)).text();
  await call();
  await until(async () => isTold('request'));
  assert.ok(!isTold('held'));

  const { code, stdout } = await command('debug', '--for', '12s');
  assert.equal(code, 0);
  assert.match(stdout, / logs at debug within a second, and at info again from \S+Z\.\n$/);
  await until(async () => (await call(), isTold('held')));
  assert.match((await command()).stdout, /^debug until \S+Z, then info\n$/);
  await until(async () => lines().filter(({ event }) => event === 'log_level_changed').length === 2);
  const changes = lines().filter(({ event }) => event === 'log_level_changed');
  assert.deepEqual(
    changes.map(({ from, to, audit }) => [from, to, audit]),
    [
      ['info', 'debug', true],
      ['debug', 'info', true],
    ],
  );
  assert.equal((await command()).stdout, 'info, as configured\n');
});

test('`configured` ends what was asked for, and a change is audited also where nothing else is logged', async (t) => {
  const { command, lines } = await start(t);
  const changes = () => lines().filter(({ event }) => event === 'log_level_changed');
  await command('silent');
  await until(async () => changes().length === 1);
  assert.equal((await command('configured')).code, 0);
  await until(async () => changes().length === 2);
  assert.deepEqual(
    changes().map(({ to }) => to),
    ['silent', 'info'],
  );
});

test('a file that the command did not write changes nothing, and is told once', async (t) => {
  const { sidecar, stateDir, lines } = await start(t);
  writeFileSync(join(stateDir, 'log-level'), '{"level":"loud","untilMs":1e99}');
  await until(async () => lines().some(({ msg }) => msg === 'log level not changed'));
  await (await fetch(`${sidecar.url}/models`)).text();
  await until(async () => lines().some(({ msg }) => msg === 'request'));
  assert.equal(lines().filter(({ msg }) => msg === 'log level not changed').length, 1);
});

test('where the level can not be changed the command says what to do, and ends with 1', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const [stateDir, reason] of [
    [file, 'EEXIST'],
    [join(file, 'state'), 'ENOTDIR'],
  ] as const) {
    const command = logLevelCommand({ ASSISTANT_PROXY_STORE_STATE_DIR: stateDir });
    const { code, stdout } = await command('debug');
    assert.equal(code, 1);
    assert.match(
      stdout,
      new RegExp(`log-level can't be written \\(${reason}\\)\\. Mount a volume .* store\\.stateDir`),
    );
  }
});

test('a wrong use is explained, and ends with 2', async () => {
  const command = logLevelCommand({});
  const wrong = [['loud'], ['debug', 'now'], ['debug', '--for', '0m'], ['debug', '--for', '25h']];
  for (const { code, stderr } of await Promise.all(wrong.map((args) => command(...args)))) {
    assert.equal(code, 2);
    assert.match(stderr, /npm start -- log-level/);
  }
});

test('what stands in the place of the file and is none keeps no sidecar from starting', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  mkdirSync(logLevelFile(stateDir));
  const told: unknown[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void told.push(JSON.parse(line)) });
  const watched = watchLogLevel({ stateDir, log, audit: () => assert.fail('nothing has changed') });
  watched.close();
  assert.equal((told[0] as { msg: string }).msg, 'log level not changed');
  assert.equal(log.level, 'info');
});

test('while a level is asked for the configuration changes only what it falls back to', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  writeLogLevel(stateDir, { level: 'debug', untilMs: Date.now() + 60_000 });
  const log = pino({ level: 'info' }, { write() {} });
  const watched = watchLogLevel({ stateDir, log, audit() {} });
  t.after(() => watched.close());
  watched.configure('warn');
  assert.equal(log.level, 'debug');
  removeLogLevel(stateDir);
  await until(async () => log.level === 'warn');
  watched.configure('error');
  assert.equal(log.level, 'error');
});
