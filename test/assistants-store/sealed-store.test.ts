import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sealStore } from '../../src/assistants/store/sealed-store.ts';
import { type Keyring, parseKeyring } from '../../src/sealing/keyring.ts';
import { openEmbeddedStore } from '../embedded/open-embedded-store.ts';
import { bodyOf, create, isDocument, org, thread } from './contract/store-under-test.ts';

const line = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
const ring = (...lines: string[]) => parseKeyring(lines.join('\n'), 'file');
const text = JSON.stringify('what nobody may read');

test('nothing of a body is to be seen in the store, nor whether two are equal', async (t) => {
  const { store } = await openEmbeddedStore(t);
  const sealed = sealStore(store, () => ring(line('k1', 1)));
  const puts = ['a', 'b'].map((id) => ({ id, body: text }));
  await sealed.commit(thread, { puts });
  const [a, b] = await store.get(thread, ['a', 'b']);
  assert.match(a!.body, /^sealed:k1:[A-Za-z\d+/]+=*$/);
  assert.notEqual(a!.body, b!.body);
  assert.ok(!Buffer.from(a!.body.slice('sealed:k1:'.length), 'base64').includes('nobody'));
  await sealed.commit(thread, { puts });
  assert.notEqual(await bodyOf(store, 'a'), a!.body, 'a nonce is used once');
  assert.deepEqual(await sealed.get(thread, ['a']), [isDocument('a', 2, text)]);
});

test('keys are rotated: the newest writes, the older ones read', async (t) => {
  const { store } = await openEmbeddedStore(t);
  let keyring: Keyring = ring(line('k1', 1));
  const sealed = sealStore(store, () => keyring);
  await create(sealed, ['a']);
  keyring = ring(line('k2', 2), line('k1', 1));
  await create(sealed, ['b']);
  assert.match((await bodyOf(store, 'b'))!, /^sealed:k2:/);
  const page = await sealed.list(thread, 'messages', { limit: 10, order: 'asc' });
  assert.deepEqual(page?.documents, [isDocument('a', 1, 'a'), isDocument('b', 1, 'b')]);
});

test('what was written before there was a key is read as it is', async (t) => {
  const { store } = await openEmbeddedStore(t);
  await store.commit(thread, { puts: [{ id: 'a', body: text, lists: ['messages'] }] });
  const sealed = sealStore(store, () => ring(line('k1', 1)));
  assert.equal(await bodyOf(sealed, 'a'), text);
  const page = await sealed.list(thread, 'messages', { limit: 10, order: 'asc' });
  assert.equal(page?.documents[0]?.body, text);
});

test('a body that was sealed with a key that is gone, or is another one now, says what to do', async (t) => {
  const { store } = await openEmbeddedStore(t);
  const read = (...lines: string[]) =>
    bodyOf(
      sealStore(store, () => ring(...lines)),
      'msg_a',
    );
  await create(
    sealStore(store, () => ring(line('k1', 1))),
    ['msg_a'],
  );
  await assert.rejects(read(line('k2', 1)), {
    name: 'StoreUnavailable',
    message: /msg_a can't be opened: store\.encryptionKeyFile has no key of the id "k1": add its line again/,
    mayHaveHappened: false,
  });
  await assert.rejects(read(line('k1', 2)), {
    name: 'StoreUnavailable',
    message: /msg_a can't be opened: .*"k1".*give it back the one that it had.*restored from a backup/,
    mayHaveHappened: false,
  });
});

test('a sealed body opens in its own place alone, and only as it was written', async (t) => {
  const { store } = await openEmbeddedStore(t);
  const sealed = sealStore(store, () => ring(line('k1', 1)));
  await sealed.commit(thread, { puts: [{ id: 'a', body: text }] });
  const body = (await bodyOf(store, 'a'))!;
  const places = [
    [{ org, name: 'thread_2' }, 'a'],
    [{ org: 'globex', name: thread.name }, 'a'],
    [thread, 'b'],
  ] as const;
  for (const [partition, id] of places) {
    await store.commit(partition, { puts: [{ id, body }] });
    await assert.rejects(bodyOf(sealed, id, partition), { name: 'StoreUnavailable' });
  }
  const bytes = Buffer.from(body.slice('sealed:k1:'.length), 'base64');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    await store.commit(thread, { puts: [{ id: 'a', body: `sealed:k1:${changed.toString('base64')}` }] });
    await assert.rejects(bodyOf(sealed, 'a'), { name: 'StoreUnavailable' });
  }
  for (const broken of ['sealed:k1:', 'sealed:k1:AAAA', body.slice(0, -8), body.slice(0, 30)]) {
    await store.commit(thread, { puts: [{ id: 'a', body: broken }] });
    await assert.rejects(bodyOf(sealed, 'a'), { name: 'StoreUnavailable' });
  }
});
