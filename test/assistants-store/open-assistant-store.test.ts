import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openAssistantStore } from '../../src/composition/open-assistant-store.ts';
import { shareDirectory } from '../../src/embedded/own-directory.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import { openStoreIn } from '../embedded/open-embedded-store.ts';
import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { bodyOf, create, thread } from './contract/store-under-test.ts';

const line = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}\n`;

test('without a Redis and without keys, what is kept is in the state directory as it is', async (t) => {
  const { open, stateDir } = prepare(t);
  const store = open('');
  await create(store, ['a']);
  await store.close();
  const plain = openStoreIn(stateDir);
  t.after(() => plain.close());
  assert.equal(await bodyOf(plain, 'a'), 'a');
});

test('with a file of keys, what is kept is sealed, and a new key is used soon after it was written', async (t) => {
  const { open, stateDir, file, errors } = prepare(t);
  writeFileSync(file, line('k1', 1));
  const store = open(file);
  await create(store, ['old']);
  writeFileSync(`${file}.new`, 'not a key\n');
  renameSync(`${file}.new`, file);
  while (errors.length === 0) await sleep(50);
  assert.match(errors[0]!.message, /^store\.encryptionKeyFile: .*keys, line 1: must be/);
  assert.equal(await bodyOf(store, 'old'), 'old', 'the last keys stay in use');
  writeFileSync(`${file}.new`, line('k2', 2) + line('k1', 1));
  renameSync(`${file}.new`, file);
  await sleep(2500);
  await create(store, ['new']);
  assert.equal(await bodyOf(store, 'old'), 'old');
  await store.close();
  const plain = openStoreIn(stateDir);
  t.after(() => plain.close());
  const [old, fresh] = await plain.get(thread, ['old', 'new']);
  assert.match(old!.body, /^sealed:k1:/);
  assert.match(fresh!.body, /^sealed:k2:/);
});

test('what was sealed is not taken for content when the file of keys is gone from the configuration', async (t) => {
  const { open, file } = prepare(t);
  writeFileSync(file, line('k1', 1));
  const sealed = open(file);
  await create(sealed, ['a']);
  await sealed.close();
  const store = open('');
  const isTold = (error: Error) =>
    error instanceof StoreUnavailable &&
    /store\.encryptionKeyFile has no key of the id "k1"/.test(error.message);
  await assert.rejects(store.get(thread, ['a']), isTold);
  await create(store, ['b']);
  assert.equal(await bodyOf(store, 'b'), 'b');
});

test('a file of keys that is missing or holds none is refused at the start', (t) => {
  const { open, file } = prepare(t);
  assert.throws(() => open(file), /^Error: store\.encryptionKeyFile: .*keys can't be read \(ENOENT\)/);
  writeFileSync(file, 'k1:short\n');
  assert.throws(() => open(file), /^Error: store\.encryptionKeyFile: .*keys, line 1: must be/);
});

test('a state directory that another sidecar has is refused, with keys, too', async (t) => {
  const { open, file, stateDir } = prepare(t);
  writeFileSync(file, line('k1', 1));
  const other = openStoreIn(stateDir);
  t.after(() => other.close());
  assert.throws(() => open(file), /in use by another sidecar/);
});

function prepare(t: TestContext) {
  const directory = temporaryDirectory(t);
  const stateDir = join(directory, 'state');
  const file = join(directory, 'keys');
  const errors: Error[] = [];
  const own = shareDirectory(stateDir);
  const open = (encryptionKeyFile: string) => {
    const settings = { redisUrl: '', stateDir, timeoutMs: 250, keyPrefix: 'p', encryptionKeyFile };
    const store = openAssistantStore(settings, { own, onError: (error) => errors.push(error) });
    t.after(() => store.close());
    return store;
  };
  return { open, stateDir, file, errors };
}
