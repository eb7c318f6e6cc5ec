import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { spawnSidecar } from '../harness/processes.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runIn(stateDir: string, args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['src/main.ts', ...args],
      {
        cwd: join(import.meta.dirname, '../..'),
        env: { PATH: process.env['PATH'], OPENAI_API_KEY: 'sk-x', ASSISTANT_PROXY_STORE_STATE_DIR: stateDir },
      },
      (error, stdout, stderr) =>
        // On a slow machine it tells of its progress.
        resolve({ code: Number(error?.code ?? 0), stdout, stderr: stderr.replaceAll(/^\d+ of \d+\n/gm, '') }),
    );
    child.stdin?.end(input);
  });
}

function folders(t: TestContext): [string, string] {
  return [temporaryDirectory(t), temporaryDirectory(t)];
}

const assistant = { id: 'asst_1', object: 'assistant', created_at: 1, model: 'gpt-4o', name: 'Bo' };
const content = [{ type: 'text', text: { value: 'Hi', annotations: [] } }];
const message = { id: 'msg_1', object: 'thread.message', created_at: 3, role: 'user', content };
const thread = { id: 'thread_1', object: 'thread', created_at: 2, messages: [message] };

test('an export of an import moves to another store as it is', async (t) => {
  const [first, second] = folders(t);
  const input = [assistant, thread].map((one) => JSON.stringify(one)).join('\n');
  const imported = await runIn(first, ['import', '-'], input);
  assert.deepEqual(imported, {
    code: 0,
    stdout:
      'assistants: 1 created, 0 changed, 0 unchanged\n' +
      'threads: 1 created, 0 changed, 0 unchanged\n' +
      'messages: 1 created, 0 changed, 0 unchanged\n',
    stderr: '',
  });
  const file = join(first, 'all.jsonl');
  assert.equal((await runIn(first, ['export', '--thread', 'thread_1', '--out', file])).code, 0);
  const exported = readFileSync(file, 'utf8');
  assert.equal((await runIn(second, ['import', file])).code, 0);
  const again = await runIn(second, ['export', '--thread', 'thread_1']);
  assert.deepEqual(again, { code: 0, stdout: exported, stderr: '' });
  assert.equal((await runIn(second, ['export', '--org', 'globex'])).stdout, '');
});

test('what is unfit is told with file and line, and the rest is taken', async (t) => {
  const [stateDir, folder] = folders(t);
  const file = join(folder, 'some.json');
  writeFileSync(file, JSON.stringify([assistant, { ...assistant, id: 'asst_2', model: 7 }], undefined, 1));
  const missing = join(folder, 'none.json');
  const { code, stdout, stderr } = await runIn(stateDir, ['import', missing, file]);
  assert.equal(code, 1);
  assert.match(stderr, /none\.json: ENOENT/);
  assert.ok(
    stderr.includes(`${file}:9: Invalid type for 'model': expected a string, but got an integer instead.\n`),
    stderr,
  );
  assert.match(stdout, /^assistants: 1 created, 0 changed, 0 unchanged\n/);
  assert.match(stdout, /2 left out, for the reasons above\n$/);
  const unknown = await runIn(stateDir, ['export', '--thread', 'thread_x']);
  assert.deepEqual([unknown.code, unknown.stderr], [1, "No thread found with id 'thread_x'.\n"]);
});

test('commands that are written wrongly end with 2', async (t) => {
  const [stateDir] = folders(t);
  for (const args of [['import'], ['export', 'x'], ['import', 'x', '--what']]) {
    assert.equal((await runIn(stateDir, args)).code, 2);
  }
});

test('a store that a sidecar of this machine has is left to it, and the reason says what to do', async (t) => {
  const [stateDir] = folders(t);
  await spawnSidecar(t, 'http://127.0.0.1:9/v1', { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir });
  const { code, stdout, stderr } = await runIn(stateDir, ['export']);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /in use by another sidecar.*Stop that one/);
});
