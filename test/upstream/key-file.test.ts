import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

function makeFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  test.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function startWithKeyFile(test: TestContext, file: string) {
  const upstream = await startUpstream(test, (request, response) => {
    answerJson(response, { key: request.headers.authorization });
  });
  const sidecar = await startSidecar(test, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE: file },
  });
  return { sidecar, usedKey: () => usedKey(sidecar) };
}

async function usedKey({ url }: Sidecar): Promise<string> {
  const answer = await fetch(`${url}/models`);
  assert.equal(answer.status, 200);
  return ((await answer.json()) as { key: string }).key;
}

async function becomes(read: () => Promise<string>, expected: string): Promise<void> {
  const startedAtMs = performance.now();
  while ((await read()) !== expected) {
    assert.ok(performance.now() - startedAtMs < 5000, `it is still ${await read()}`);
    await sleep(100);
  }
}

test('a key that is replaced by a rename is used within seconds, without a restart', async (t) => {
  const file = join(makeFolder(t), 'key');
  writeFileSync(file, 'sk-first\n');
  const { usedKey: used } = await startWithKeyFile(t, file);
  assert.equal(await used(), 'Bearer sk-first');
  for (const key of ['sk-second', 'sk-third']) {
    writeFileSync(`${file}.new`, `${key}\n`);
    renameSync(`${file}.new`, file);
    await becomes(used, `Bearer ${key}`);
  }
});

test('a key in a Kubernetes Secret is used within seconds of its rotation', async (t) => {
  const folder = makeFolder(t);
  // As the kubelet does it: a folder for each version, `..data` leads to the newest, the key's name through it.
  const publish = (version: string, key: string): void => {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'key'), key);
    symlinkSync(version, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  publish('..2026_01', 'sk-first');
  symlinkSync(join('..data', 'key'), join(folder, 'key'));
  const { usedKey: used } = await startWithKeyFile(t, join(folder, 'key'));
  assert.equal(await used(), 'Bearer sk-first');
  publish('..2026_02', 'sk-other');
  rmSync(join(folder, '..2026_01'), { recursive: true });
  await becomes(used, 'Bearer sk-other');
});

test('a key file that vanishes or is emptied later is an error in the log, and the last key stays in use', async (t) => {
  const file = join(makeFolder(t), 'key');
  writeFileSync(file, 'sk-secret-first');
  const { sidecar, usedKey: used } = await startWithKeyFile(t, file);
  const errors = () => sidecar.logLines().filter(({ level }) => level === 'error');
  unlinkSync(file);
  await becomes(async () => String(errors().length > 0), 'true');
  assert.equal(await used(), 'Bearer sk-secret-first');
  writeFileSync(file, '  \n');
  await becomes(async () => String(errors().some(({ cause }) => /empty/.test(String(cause)))), 'true');
  assert.equal(await used(), 'Bearer sk-secret-first');
  writeFileSync(file, 'sk-secret-last');
  await becomes(used, 'Bearer sk-secret-last');
  assert.doesNotMatch(JSON.stringify(sidecar.logLines()), /sk-secret/);
});

test('a key that no header can carry is an error in the log, not in the answers', async (t) => {
  const file = join(makeFolder(t), 'key');
  writeFileSync(file, 'sk-secret-first');
  const { sidecar, usedKey: used } = await startWithKeyFile(t, file);
  writeFileSync(file, 'sk-secret\nsecond line\n');
  await becomes(async () => String(sidecar.logLines().some(({ level }) => level === 'error')), 'true');
  assert.equal(await used(), 'Bearer sk-secret-first');
  assert.doesNotMatch(JSON.stringify(sidecar.logLines()), /sk-secret/);
});

/** `npm start` with a key file, until it gives up. */
async function failedStart(file: string): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: {
      ASSISTANT_PROXY_LISTEN_PORT: '0',
      ASSISTANT_PROXY_ADMIN_PORT: '0',
      ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE: file,
    },
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const killed = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await once(child, 'close')) as [number];
  clearTimeout(killed);
  return { code, output };
}

test('a key file that is missing, empty or a folder is refused at the start, by its name', async (t) => {
  const folder = makeFolder(t);
  const empty = join(folder, 'empty');
  writeFileSync(empty, '\n');
  const broken = join(folder, 'broken');
  writeFileSync(broken, 'sk-secret\nsecond line');
  for (const file of [join(folder, 'missing'), empty, folder, broken]) {
    const { code, output } = await failedStart(file);
    assert.equal(code, 1, output);
    assert.ok(output.includes(file), output);
    assert.match(output, /upstream\.apiKeyFile/);
    // A reason for people, not a stack.
    assert.doesNotMatch(output, /\n\s+at |sk-secret/);
  }
});
