import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sealAnswers } from '../../src/idempotency/sealed-answers.ts';
import { type Keyring, parseKeyring } from '../../src/sealing/keyring.ts';
import { openEmbeddedAnswers } from '../embedded/open-embedded-answers.ts';
import { callBy } from './contract/answer-store-under-test.ts';

const ring = (...ids: string[]) =>
  parseKeyring(ids.map((id) => `${id}:${Buffer.alloc(32, id).toString('base64')}`).join('\n'), 'file');
const answer = Buffer.from('{"status":200}\nwhat nobody may read');
const one = callBy('one');
const two = callBy('two');
const answered = { kind: 'answered', body: 'a', answer };

test('keys are rotated, and what was kept without any is given as it is', async (t) => {
  const { store } = await openEmbeddedAnswers(t);
  let keyring: Keyring = ring('k1');
  const sealed = sealAnswers(store, () => keyring);
  await sealed.keep(one, 'a', answer);
  await store.keep(callBy('one', 'plain'), 'a', answer);
  keyring = ring('k2', 'k1');
  assert.deepEqual(await sealed.begin(two, 'a'), answered);
  assert.deepEqual(await sealed.begin(callBy('two', 'plain'), 'a'), answered);
  keyring = ring('k2');
  await assert.rejects(sealed.begin(two, 'a'), {
    name: 'StoreUnavailable',
    message: /answer of a call .* can't be opened: store\.encryptionKeyFile has no key of the id "k1"/,
  });
});

test('a sealed answer is that of its own call alone, and only as it was written', async (t) => {
  const { store } = await openEmbeddedAnswers(t);
  const sealed = sealAnswers(store, () => ring('k1'));
  await sealed.keep(one, 'a', answer);
  const kept = await store.begin(two, 'a');
  assert.ok(kept.kind === 'answered' && !kept.answer.includes('nobody'));
  const changed = Buffer.from(kept.answer);
  changed[changed.length - 1]! ^= 1;
  for (const [call, bytes] of [
    [callBy('one', 'other'), kept.answer],
    [callBy('one', 'call', 'globex'), kept.answer],
    [callBy('one', 'changed'), changed],
    [callBy('one', 'cut'), kept.answer.subarray(0, 12)],
  ] as const) {
    await store.keep(call, 'a', bytes);
    await assert.rejects(sealed.begin({ ...call, owner: 'two' }, 'a'), { name: 'StoreUnavailable' });
  }
});
