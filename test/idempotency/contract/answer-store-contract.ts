import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import type { AnswerStore, Begun } from '../../../src/idempotency/answer-store.ts';
import { type OpenAnswerStore, callBy, sealed, terms } from './answer-store-under-test.ts';

/** Registers what every adapter of the port has to pass, also behind a seal. */
export function describeAnswerStore(name: string, open: OpenAnswerStore): void {
  describe(`the store of answers in ${name}`, () => contract(open));
  describe(`the sealed store of answers in ${name}`, () => contract(sealed(open)));
}

const { leaseMs, keepMs } = terms;
const one = callBy('one');
const two = callBy('two');
const answer = Buffer.from('{"status":200}\nHello');
const begun: Begun = { kind: 'begun' };
const running: Begun = { kind: 'running', body: 'a' };
const abandoned: Begun = { kind: 'abandoned', body: 'a' };
const answered: Begun = { kind: 'answered', body: 'a', answer };

function contract(open: OpenAnswerStore): void {
  test('a call is begun once, and by one', async (t) => {
    const { store, another } = await open(t);
    const other = await another();
    assert.deepEqual(await store.begin(one, 'a'), begun);
    assert.deepEqual(await other.begin(two, 'b'), running);
    assert.deepEqual(await store.begin(one, 'a'), running, 'not even by its owner again');
  });

  test('of fifty that begin a call at once one has it', async (t) => {
    const { store, another } = await open(t);
    const stores = [store, await another(), await another()];
    const all = Array.from({ length: 50 }, (_, index) =>
      stores[index % 3]!.begin(callBy(`owner ${index}`), 'a'),
    );
    const kinds = (await Promise.all(all)).map(({ kind }) => kind).sort();
    assert.deepEqual(kinds, ['begun', ...Array.from({ length: 49 }, () => 'running')]);
  });

  test('whoever comes later gets the answer, as long as it is kept', async (t) => {
    const { store, another, advance } = await open(t);
    const other = await another();
    await store.begin(one, 'a');
    await store.keep(one, 'a', answer);
    assert.deepEqual(await other.begin(two, 'b'), answered);
    await advance(keepMs - 60_000);
    assert.deepEqual(await other.begin(two, 'b'), answered);
    await advance(120_000);
    assert.deepEqual(await other.begin(two, 'b'), begun);
    assert.deepEqual(await store.begin(one, 'a'), { kind: 'running', body: 'b' });
  });

  test('an answer may be any bytes, also very many', async (t) => {
    const { store } = await open(t);
    for (const bytes of [0, 1, 8_388_608 + 1000]) {
      const call = callBy('one', `of ${bytes}`);
      const large = randomBytes(bytes);
      await store.begin(call, 'a');
      await store.keep(call, 'a', large);
      const found = await store.begin({ ...call, owner: 'two' }, 'a');
      assert.ok(found.kind === 'answered' && found.answer.equals(large));
    }
  });

  test('a call is abandoned when its owner is silent for longer than its lease, and stays so', async (t) => {
    const { store, advance } = await open(t);
    await store.begin(one, 'a');
    await advance(leaseMs - 2000);
    await store.renew(one, 'a');
    await advance(leaseMs - 2000);
    assert.deepEqual(await store.begin(two, 'a'), running);
    await advance(4000);
    assert.deepEqual(await store.begin(two, 'a'), abandoned);
    assert.deepEqual(await store.begin(two, 'a'), abandoned, 'nobody takes it over');
    await advance(keepMs - 60_000);
    assert.deepEqual(await store.begin(two, 'a'), abandoned);
    await advance(120_000);
    assert.deepEqual(await store.begin(two, 'a'), begun);
  });

  test('an owner that was only slow has its call again, and may still keep the answer', async (t) => {
    const { store, advance } = await open(t);
    await store.begin(one, 'a');
    await advance(2 * leaseMs);
    assert.deepEqual(await store.begin(two, 'a'), abandoned);
    await store.renew(one, 'a');
    assert.deepEqual(await store.begin(two, 'a'), running);
    await advance(2 * leaseMs);
    await store.keep(one, 'a', answer);
    assert.deepEqual(await store.begin(two, 'a'), answered);
  });

  test('a fingerprint that is not known at first is told with a renewal, or with the answer', async (t) => {
    const { store } = await open(t);
    await store.begin(one, '');
    assert.deepEqual(await store.begin(two, 'b'), { kind: 'running', body: '' });
    await store.renew(one, 'a');
    assert.deepEqual(await store.begin(two, 'b'), running);
    const other = callBy('one', 'other');
    await store.begin(other, '');
    await store.keep(other, 'a', answer);
    assert.deepEqual(await store.begin({ ...other, owner: 'two' }, 'b'), answered);
  });

  test('a call that is released may be begun again', async (t) => {
    const { store } = await open(t);
    await store.begin(one, 'a');
    await store.release(one);
    assert.deepEqual(await store.begin(two, 'b'), begun);
  });

  test('of a call that is another owner’s nothing is changed', async (t) => {
    const { store, advance } = await open(t);
    await store.begin(one, 'a');
    await meddle(store);
    assert.deepEqual(await store.begin(two, 'a'), running);
    await advance(leaseMs + 1000);
    await meddle(store);
    assert.deepEqual(await store.begin(two, 'a'), abandoned);
  });

  test('an answer that is there stays, whoever would have it otherwise', async (t) => {
    const { store } = await open(t);
    await store.begin(one, 'a');
    await store.keep(one, 'a', answer);
    await store.keep(one, 'c', Buffer.from('another'));
    await store.renew(one, 'c');
    await store.release(one);
    await meddle(store);
    assert.deepEqual(await store.begin(two, 'a'), answered);
  });

  test('the answer of a call that the store knows nothing of is kept: it was made', async (t) => {
    const { store } = await open(t);
    await store.keep(one, 'a', answer);
    assert.deepEqual(await store.begin(two, 'a'), answered);
  });

  test('calls of other names and of other organisations are others', async (t) => {
    const { store } = await open(t);
    const others = [
      callBy('two', 'other'),
      callBy('two', 'call', 'globex'),
      callBy('two', '', ''),
      callBy('two', 'call', 'a:{b}'),
    ];
    await store.begin(one, 'a');
    await store.keep(one, 'a', answer);
    for (const other of others) assert.deepEqual(await store.begin(other, 'a'), begun);
    for (const other of others) await store.release(other);
    assert.deepEqual(await store.begin(two, 'a'), answered);
  });

  test('a store that was closed says so, and that nothing has happened', async (t) => {
    const { store } = await open(t);
    await store.close();
    await store.close();
    const refused = { name: 'StoreUnavailable', mayHaveHappened: false };
    await assert.rejects(store.begin(one, 'a'), refused);
    await assert.rejects(store.renew(one, 'a'), refused);
    await assert.rejects(store.keep(one, 'a', answer), refused);
    await assert.rejects(store.release(one), refused);
  });
}

/** Somebody who does not own the call tries all that there is. */
async function meddle(store: AnswerStore): Promise<void> {
  await store.renew(two, 'b');
  await store.keep(two, 'b', Buffer.from('wrong'));
  await store.release(two);
}
