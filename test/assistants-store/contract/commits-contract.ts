import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AssistantStore } from '../../../src/assistants/store/store.ts';
import { bodyOf, create, idsOf, isDocument, type OpenStore, org, thread } from './store-under-test.ts';

/** Whatever a caller may put into a body or, having been asked for it, into an id. */
const strangeTexts = [
  '',
  ' ',
  'a b',
  'a\0b',
  '\0',
  '\u0001',
  '{}:%7B',
  '=',
  'ключ 🗝️',
  '\u{10FFFF}\uFEFF\u2028',
  '__proto__',
  '1e3',
  "'; DROP TABLE documents; --",
  'x'.repeat(5000),
];

export function commitsContract(open: OpenStore): void {
  test('a document is there from its first put on, and counts its versions', async (t) => {
    const { store } = await open(t);
    assert.deepEqual(await store.get(thread, ['a', 'b']), [undefined, undefined]);
    for (const version of [1, 2, 3]) {
      await store.commit(thread, { puts: [{ id: 'a', body: `body ${version}` }] });
      assert.deepEqual(await store.get(thread, ['a']), [isDocument('a', version, `body ${version}`)]);
    }
    await store.commit(thread, { deletes: ['a'] });
    assert.deepEqual(await store.get(thread, ['a']), [undefined]);
    await store.commit(thread, { puts: [{ id: 'a', body: 'again' }] });
    assert.deepEqual(await store.get(thread, ['a']), [isDocument('a', 1, 'again')]);
  });

  test('documents come in the order of the ids that were asked for', async (t) => {
    const { store } = await open(t);
    await create(store, ['a', 'b', 'c']);
    const documents = await store.get(thread, ['c', 'x', 'a', 'c']);
    assert.deepEqual(
      documents.map((document) => document?.body),
      ['c', undefined, 'a', 'c'],
    );
    assert.deepEqual(await store.get(thread, []), []);
  });

  test('a commit is done if all of its conditions hold', async (t) => {
    const { store } = await open(t);
    await create(store, ['a', 'b']);
    await store.commit(thread, { puts: [{ id: 'b', body: 'b' }] });
    const committed = await store.commit(thread, {
      conditions: [
        { id: 'a', is: 1 },
        { id: 'a', is: 'present' },
        { id: 'b', is: 2 },
        { id: 'c', is: 'absent' },
      ],
      puts: [
        { id: 'a', body: 'A' },
        { id: 'c', body: 'C' },
      ],
      deletes: ['b', 'nobody'],
    });
    assert.deepEqual(committed, { done: true });
    const bodies = (await store.get(thread, ['a', 'b', 'c'])).map((document) => document?.body);
    assert.deepEqual(bodies, ['A', undefined, 'C']);
  });

  test('a commit changes nothing if a condition fails, and names whose', async (t) => {
    const { store } = await open(t);
    await create(store, ['a', 'b']);
    const failing = [
      { id: 'a', is: 'absent' },
      { id: 'a', is: 2 },
      { id: 'a', is: 0 },
      { id: 'x', is: 'present' },
      { id: 'x', is: 1 },
    ] as const;
    for (const condition of failing) {
      const committed = await store.commit(thread, {
        conditions: [{ id: 'b', is: 1 }, condition, { id: 'y', is: 'absent' }],
        puts: [
          { id: 'a', body: 'changed' },
          { id: 'new', body: 'new', lists: ['messages'] },
        ],
        deletes: ['b'],
      });
      assert.deepEqual(committed, { done: false, failed: [condition.id] });
    }
    const both = await store.commit(thread, {
      conditions: [
        { id: 'x', is: 'present' },
        { id: 'b', is: 'present' },
        { id: 'a', is: 7 },
      ],
    });
    assert.deepEqual(both, { done: false, failed: ['x', 'a'] });
    assert.deepEqual(await store.get(thread, ['a', 'b', 'new']), [
      isDocument('a', 1, 'a'),
      isDocument('b', 1, 'b'),
      undefined,
    ]);
    assert.deepEqual(await idsOf(store), ['a', 'b']);
  });

  test('conditions are about what was there before the commit', async (t) => {
    const { store } = await open(t);
    const commit = { conditions: [{ id: 'a', is: 'absent' }], puts: [{ id: 'a', body: 'a' }] } as const;
    assert.deepEqual(await store.commit(thread, commit), { done: true });
    assert.deepEqual(await store.commit(thread, commit), { done: false, failed: ['a'] });
    assert.deepEqual(await store.commit(thread, {}), { done: true });
  });

  test('of many that create one document, one does', async (t) => {
    const under = await open(t);
    const stores = await Promise.all(Array.from({ length: 8 }, () => under.another()));
    const outcomes = await Promise.all(
      stores.map((store, index) =>
        store.commit(thread, {
          conditions: [{ id: 'lock', is: 'absent' }],
          puts: [{ id: 'lock', body: `${index}` }],
        }),
      ),
    );
    const winners = outcomes.flatMap(({ done }, index) => (done ? [`${index}`] : []));
    assert.deepEqual(winners, [await bodyOf(under.store, 'lock')]);
  });

  test('no update is lost among clients that race', async (t) => {
    const under = await open(t);
    const stores = await Promise.all(Array.from({ length: 8 }, () => under.another()));
    await create(under.store, ['a', 'b'], []);
    await under.store.commit(thread, { puts: ['a', 'b'].map((id) => ({ id, body: '0' })) });
    await Promise.all(stores.map((store) => countUp(store, 15)));
    const counters = await under.store.get(thread, ['a', 'b']);
    assert.deepEqual(counters, [isDocument('a', 122, '120'), isDocument('b', 122, '120')]);
  });

  test('what is dropped is gone, with all of its lists', async (t) => {
    const { store } = await open(t);
    const other = { org, name: 'thread_2' };
    assert.equal(await store.drop(thread), false);
    await create(store, ['a', 'b']);
    await create(store, ['c'], ['messages'], other);
    assert.equal(await store.drop(thread), true);
    assert.equal(await store.drop(thread), false);
    assert.deepEqual(await store.get(thread, ['a', 'b']), [undefined, undefined]);
    assert.deepEqual(await idsOf(store), []);
    assert.deepEqual(await idsOf(store, {}, 'messages', other), ['c']);
    await create(store, ['b']);
    assert.deepEqual(await store.get(thread, ['b']), [isDocument('b', 1, 'b')]);
    assert.deepEqual(await idsOf(store), ['b']);
  });

  test('a partition whose documents were all deleted has nothing to drop', async (t) => {
    const { store } = await open(t);
    await create(store, ['a']);
    await store.commit(thread, { deletes: ['a'] });
    assert.equal(await store.drop(thread), false);
  });

  test('partitions know nothing of each other, whatever they are called', async (t) => {
    const { store } = await open(t);
    const names = ['t', 'a', 'a:b', ':a', '{a}', '', '%3A', ':work', 'a\0t', ...strangeTexts.slice(5)];
    const partitions = names.flatMap((name) => [
      { org: name, name: 't' },
      { org: 't', name },
    ]);
    // The first is there twice.
    const distinct = partitions.slice(1);
    for (const [index, partition] of distinct.entries()) {
      const puts = [{ id: 'a', body: `${index}`, lists: ['messages'] }];
      const conditions = [{ id: 'a', is: 'absent' }] as const;
      assert.deepEqual(await store.commit(partition, { conditions, puts }), { done: true });
    }
    for (const [index, partition] of distinct.entries()) {
      assert.equal(await bodyOf(store, 'a', partition), `${index}`);
      assert.deepEqual(await idsOf(store, {}, 'messages', partition), ['a']);
      assert.equal(await store.drop(partition), true);
    }
  });

  test('ids, lists and bodies may be any text', async (t) => {
    const { store } = await open(t);
    const puts = strangeTexts.map((text) => ({ id: text, body: `${text}${text}`, lists: strangeTexts }));
    assert.deepEqual(await store.commit(thread, { puts }), { done: true });
    const documents = strangeTexts.map((text) => isDocument(text, 1, `${text}${text}`));
    assert.deepEqual(await store.get(thread, strangeTexts), documents);
    for (const list of strangeTexts) {
      const page = await store.list(thread, list, { limit: 100, order: 'asc' });
      assert.deepEqual(page, { documents, hasMore: false });
      assert.deepEqual(await idsOf(store, { after: '', before: ' ' }, list), []);
    }
    await store.commit(thread, { deletes: strangeTexts });
    for (const list of strangeTexts) assert.deepEqual(await idsOf(store, {}, list), []);
  });

  test('a body of a megabyte comes back as it was', async (t) => {
    const { store } = await open(t);
    const unit = JSON.stringify('Größe 🗝️ \u0000 "\\" \u2028 ');
    const body = unit.repeat(Math.ceil(2 ** 20 / unit.length));
    await store.commit(thread, { puts: [{ id: 'a', body, lists: ['messages'] }] });
    assert.equal(await bodyOf(store, 'a'), body);
    const page = await store.list(thread, 'messages', { limit: 1, order: 'desc' });
    assert.equal(page?.documents[0]?.body, body);
  });

  test('a commit of thousands of documents is one step, too', async (t) => {
    const { store } = await open(t);
    const ids = Array.from({ length: 3000 }, (_, index) => `m${index}`);
    await create(store, ids);
    assert.deepEqual(await idsOf(store, { limit: 5000 }), ids);
    assert.equal((await store.get(thread, ids)).filter(Boolean).length, 3000);
    await store.commit(thread, { conditions: ids.map((id) => ({ id, is: 1 })), deletes: ids });
    assert.deepEqual(await idsOf(store), []);
  });

  test('a store that was closed says so at once', async (t) => {
    const store = await (await open(t)).another();
    await store.close();
    await assert.rejects(store.get(thread, ['a']), { name: 'StoreUnavailable', mayHaveHappened: false });
    await store.close();
  });
}

/** As requests do it: read, decide, commit unless somebody else was faster; and both counters in one step. */
async function countUp(store: AssistantStore, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const counters = await store.get(thread, ['a', 'b']);
    const puts = counters.map((counter) => ({ id: counter!.id, body: `${Number(counter!.body) + 1}` }));
    const conditions = counters.map((counter) => ({ id: counter!.id, is: counter!.version }));
    if ((await store.commit(thread, { conditions, puts })).done) done += 1;
  }
}
