import assert from 'node:assert/strict';
import { test } from 'node:test';

import { minuteMs, type OpenStore, org, secondMs } from './store-under-test.ts';

export function workContract(open: OpenStore): void {
  test('work is handed out when it is due, the longest due first', async (t) => {
    const { store, advance } = await open(t);
    await store.schedule(org, 'late', 3 * minuteMs);
    await store.schedule(org, 'soon', 1 * minuteMs);
    await store.schedule(org, 'between', 2 * minuteMs);
    await store.schedule(org, 'now', 0);
    await store.schedule(org, 'never', 60 * minuteMs);
    assert.deepEqual(await store.claim(org, 60 * minuteMs, 10), ['now']);
    assert.deepEqual(await store.claim(org, 60 * minuteMs, 10), []);
    await advance(4 * minuteMs);
    assert.deepEqual(await store.claim(org, 60 * minuteMs, 2), ['soon', 'between']);
    assert.deepEqual(await store.claim(org, 60 * minuteMs, 10), ['late']);
  });

  test('work that is scheduled again is due at the new time alone', async (t) => {
    const { store, advance } = await open(t);
    await store.schedule(org, 'a', 0);
    await store.schedule(org, 'a', 10 * minuteMs);
    assert.deepEqual(await store.claim(org, minuteMs, 10), []);
    await advance(11 * minuteMs);
    assert.deepEqual(await store.claim(org, 60 * minuteMs, 10), ['a']);
    await store.schedule(org, 'a', 0);
    assert.deepEqual(await store.claim(org, 60 * minuteMs, 10), ['a']);
  });

  test('work whose lease lapses is due again, unless it was renewed', async (t) => {
    const { store, advance } = await open(t);
    for (const work of ['dead', 'alive']) await store.schedule(org, work, 0);
    assert.equal((await store.claim(org, 10 * secondMs, 10)).length, 2);
    await advance(6 * secondMs);
    assert.deepEqual(await store.renew(org, ['alive'], 10 * secondMs), []);
    await advance(6 * secondMs);
    assert.deepEqual(await store.claim(org, minuteMs, 10), ['dead']);
    await advance(6 * secondMs);
    assert.deepEqual(await store.claim(org, minuteMs, 10), ['alive']);
  });

  test('work that is finished stays finished, whoever renews it or calls for it', async (t) => {
    const { store, advance } = await open(t);
    await store.schedule(org, 'a', 0);
    await store.call(org, 'a');
    await store.finish(org, 'a');
    await store.finish(org, 'a');
    await store.call(org, 'a');
    assert.deepEqual(await store.renew(org, ['a', 'never was'], secondMs), []);
    await advance(minuteMs);
    assert.deepEqual(await store.claim(org, minuteMs, 10), []);
    await store.schedule(org, 'a', 0);
    assert.deepEqual(await store.renew(org, ['a'], secondMs), [], 'no call is left of the work before');
  });

  test('whoever renews work learns once that it was called for', async (t) => {
    const { store } = await open(t);
    for (const work of ['a', 'b', 'c']) await store.schedule(org, work, minuteMs);
    await store.call(org, 'a');
    await store.call(org, 'c');
    await store.call(org, 'a');
    assert.deepEqual(await store.renew(org, ['b'], minuteMs), []);
    assert.deepEqual(await store.renew(org, ['a', 'b'], minuteMs), ['a']);
    assert.deepEqual(await store.renew(org, ['a', 'b', 'c'], minuteMs), ['c']);
    await store.call(org, 'a');
    assert.deepEqual(await store.renew(org, ['a'], minuteMs), ['a']);
    assert.deepEqual(await store.renew(org, [], minuteMs), []);
  });

  test('a call is not lost when the work is scheduled or changes hands', async (t) => {
    const { store } = await open(t);
    await store.schedule(org, 'a', minuteMs);
    await store.call(org, 'a');
    await store.schedule(org, 'a', 0);
    assert.deepEqual(await store.claim(org, minuteMs, 1), ['a']);
    assert.deepEqual(await store.renew(org, ['a'], minuteMs), ['a']);
  });

  test('a call makes no work due', async (t) => {
    const { store } = await open(t);
    await store.schedule(org, 'a', minuteMs);
    await store.call(org, 'a');
    assert.deepEqual(await store.claim(org, minuteMs, 10), []);
  });

  test('no two claim the same work, and all of it is claimed', async (t) => {
    const under = await open(t);
    const works = Array.from({ length: 100 }, (_, index) => `work ${index}`);
    await Promise.all(works.map((work) => under.store.schedule(org, work, 0)));
    const stores = await Promise.all(Array.from({ length: 8 }, () => under.another()));
    const claims = await Promise.all(
      stores.map(async (store) => {
        const claimed: string[] = [];
        for (;;) {
          const more = await store.claim(org, 60 * minuteMs, 7);
          if (more.length === 0) return claimed;
          assert.ok(more.length <= 7);
          claimed.push(...more);
        }
      }),
    );
    assert.deepEqual(claims.flat().sort(), works.sort());
  });

  test('organisations have work of their own, also of the same name', async (t) => {
    const { store } = await open(t);
    const orgs = ['acme', 'globex', '', 'a:b', 'acme::work', '{acme}', 'ключ\0'];
    for (const each of orgs) await store.schedule(each, 'a', 0);
    await store.call('globex', 'a');
    await store.finish('acme', 'a');
    assert.deepEqual(await store.claim('acme', minuteMs, 10), []);
    for (const each of orgs.slice(1)) {
      assert.deepEqual(await store.claim(each, minuteMs, 10), ['a']);
      assert.deepEqual(await store.renew(each, ['a'], minuteMs), each === 'globex' ? ['a'] : []);
    }
  });

  test('work may be called anything', async (t) => {
    const { store } = await open(t);
    const works = ['', ' ', 'thread_1/run_1', 'a\0b', 'ключ 🗝️', '-inf', '(1'];
    for (const work of works) await store.schedule(org, work, 0);
    for (const work of works) await store.call(org, work);
    assert.deepEqual((await store.claim(org, minuteMs, 10)).sort(), [...works].sort());
    assert.deepEqual((await store.renew(org, works, minuteMs)).sort(), works.sort());
  });

  test('documents and work of one organisation know nothing of each other', async (t) => {
    const { store } = await open(t);
    await store.schedule(org, 'a', 0);
    for (const name of ['work', ':work', '', 'a']) assert.equal(await store.drop({ org, name }), false);
    assert.deepEqual(await store.claim(org, minuteMs, 10), ['a']);
  });
}
