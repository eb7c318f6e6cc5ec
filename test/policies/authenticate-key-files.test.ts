import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { type CallerKey, createCallerKeys } from '../../src/auth/caller-keys.ts';

const firstKey = 'first-key-0123456789';
const secondKey = 'second-key-0123456789';

function keyFile(test: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  test.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'key');
  writeFileSync(file, content);
  return file;
}

function inFile(name: string, file: string): CallerKey {
  return { name, key: '', keyFile: file, identity: { team: name } };
}

async function becomes(isSo: () => boolean): Promise<void> {
  const startedAtMs = performance.now();
  while (!isSo()) {
    assert.ok(performance.now() - startedAtMs < 20_000, 'it has not come about');
    await sleep(100);
  }
}

test("a caller's key in a file is replaced when the file is, and the old one is refused", async (t) => {
  const file = keyFile(t, `${firstKey}\n`);
  const callers = createCallerKeys([inFile('a', file)], assert.fail);
  t.after(() => callers.close());
  assert.deepEqual(callers.find(firstKey)?.identity, { team: 'a' });
  writeFileSync(`${file}.new`, `${secondKey}\n`);
  renameSync(`${file}.new`, file);
  await becomes(() => callers.find(secondKey) !== undefined);
  assert.equal(callers.find(firstKey), undefined);
});

test('while a file holds no good key the last one stays valid, and the problem is told without it', async (t) => {
  const file = keyFile(t, firstKey);
  const problems: string[] = [];
  const callers = createCallerKeys([inFile('a', file)], ({ message }) => problems.push(message));
  t.after(() => callers.close());
  writeFileSync(file, 'too-short');
  await becomes(() => problems.length > 0);
  assert.equal(problems[0], `auth.keys[0].keyFile: ${file} must hold 16 characters or more`);
  assert.deepEqual(callers.find(firstKey)?.identity, { team: 'a' });
  assert.equal(callers.find('too-short'), undefined);
});

for (const [what, content, message] of [
  ['empty', '\n', /^auth\.keys\[0\]\.keyFile: .* is empty$/],
  ['short', 'fifteen-letters', /^auth\.keys\[0\]\.keyFile: .* must hold 16 characters or more$/],
  ['of two lines', `${firstKey}\n${secondKey}`, /must hold one line of printable ASCII without spaces$/],
] as const) {
  test(`a key file that is ${what} is refused at the start, and not quoted`, (t) => {
    const file = keyFile(t, content);
    assert.throws(() => createCallerKeys([inFile('a', file)], assert.fail), { message });
  });
}

test('a missing key file is refused at the start, with its key in the configuration', (t) => {
  const [file, missing] = [keyFile(t, firstKey), join(tmpdir(), 'assistant-proxy-test-no-such-key')];
  const open = () => createCallerKeys([inFile('a', file), inFile('b', missing)], assert.fail);
  assert.throws(open, { message: `auth.keys[1].keyFile: ${missing} can't be read (ENOENT)` });
});

test('two files with one key are refused at the start', (t) => {
  const entries = [inFile('a', keyFile(t, firstKey)), inFile('b', keyFile(t, `${firstKey}\n`))];
  assert.throws(() => createCallerKeys(entries, assert.fail), {
    message: 'auth.keys: b and a hold the same key',
  });
});
