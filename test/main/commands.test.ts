import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { spawnSidecar } from '../harness/processes.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['src/main.ts', ...args],
      { cwd: join(import.meta.dirname, '../..'), env: { PATH: process.env['PATH'], ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

function configFile(test: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-main-'));
  test.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return file;
}

test('check says that a configuration is valid, and shows it without its secrets', async (t) => {
  const file = configFile(t, 'listen: { port: 8181 }\nupstream: { apiKey: sk-secret }\n');
  const { code, stdout, stderr } = await run(['check', '--config', file]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /port: 8181/);
  assert.ok(!stdout.includes('sk-secret'));
});

test('check and start refuse a bad configuration, every problem with its path', async (t) => {
  const file = configFile(t, 'listen: { port: 99999, hots: x }\nbudgts: []\n');
  const checked = await run(['check', '--config', file]);
  const started = await run([], { ASSISTANT_PROXY_CONFIG: file });
  assert.deepEqual([checked.code, started.code], [1, 1]);
  for (const text of [checked.stdout, started.stderr]) {
    for (const path of ['listen.port', 'listen.hots', 'budgts', 'upstream.apiKey']) {
      assert.ok(text.includes(path), `${path} in ${text}`);
    }
  }
});

test('an unknown command or flag is explained, and ends with 2', async () => {
  for (const args of [['serv'], ['--what']]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2);
    assert.match(stderr, /npm start -- check --config FILE/);
  }
});

test('--help prints what there is to do', async () => {
  const { code, stdout } = await run(['--help']);
  assert.equal(code, 0);
  assert.match(stdout, /npm start/);
});

test('a port that is taken ends the start with a reason, and leaves nothing running', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { code, stdout } = await run([], {
    OPENAI_API_KEY: 'sk-x',
    ASSISTANT_PROXY_LISTEN_PORT: String(port),
    ASSISTANT_PROXY_ADMIN_PORT: '0',
  });
  assert.equal(code, 1);
  assert.match(stdout, /EADDRINUSE.*could not start/);
});

test('a SIGTERM that is repeated does not cut the drain short', async (t) => {
  const sidecar = await spawnSidecar(t, 'http://127.0.0.1:9/v1');
  sidecar.signal('SIGTERM');
  sidecar.signal('SIGTERM');
  assert.equal(await sidecar.exitCode, 0);
});
