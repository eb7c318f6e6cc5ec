import assert from 'node:assert/strict';
import { test } from 'node:test';

import { create, idsOf, isDocument, type OpenStore, thread } from './store-under-test.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

export function listsContract(open: OpenStore): void {
  test('a list is read from either end, in pages', async (t) => {
    const { store } = await open(t);
    await create(store, ids);
    const pages = [
      [{}, 'abcdef'],
      [{ order: 'desc' }, 'fedcba'],
      [{ limit: 2 }, 'ab…'],
      [{ limit: 6 }, 'abcdef'],
      [{ limit: 2, order: 'desc' }, 'fe…'],
      [{ limit: 2, after: 'b' }, 'cd…'],
      [{ limit: 2, after: 'd' }, 'ef'],
      [{ after: 'f' }, ''],
      [{ limit: 2, after: 'e', order: 'desc' }, 'dc…'],
      [{ limit: 2, after: 'c', order: 'desc' }, 'ba'],
      [{ after: 'a', order: 'desc' }, ''],
    ] as const;
    for (const [request, expected] of pages) {
      assert.equal((await idsOf(store, request))?.join(''), expected, JSON.stringify(request));
    }
  });

  test('what comes ahead of a document is the page that ends there', async (t) => {
    const { store } = await open(t);
    await create(store, ids);
    const pages = [
      [{ before: 'e' }, 'abcd'],
      [{ limit: 2, before: 'e' }, 'cd…'],
      [{ limit: 2, before: 'c' }, 'ab'],
      [{ before: 'a' }, ''],
      [{ limit: 2, before: 'b', order: 'desc' }, 'dc…'],
      [{ limit: 2, before: 'd', order: 'desc' }, 'fe'],
      [{ before: 'f', order: 'desc' }, ''],
    ] as const;
    for (const [request, expected] of pages) {
      assert.equal((await idsOf(store, request))?.join(''), expected, JSON.stringify(request));
    }
  });

  test('between two cursors a page begins behind the first', async (t) => {
    const { store } = await open(t);
    await create(store, ids);
    const pages = [
      [{ after: 'a', before: 'e' }, 'bcd'],
      [{ limit: 2, after: 'a', before: 'e' }, 'bc…'],
      [{ limit: 3, after: 'a', before: 'e' }, 'bcd'],
      [{ limit: 2, after: 'f', before: 'b', order: 'desc' }, 'ed…'],
      [{ after: 'b', before: 'c' }, ''],
      [{ after: 'c', before: 'c' }, ''],
      [{ after: 'e', before: 'a' }, ''],
      [{ after: 'a', before: 'e', order: 'desc' }, ''],
    ] as const;
    for (const [request, expected] of pages) {
      assert.equal((await idsOf(store, request))?.join(''), expected, JSON.stringify(request));
    }
  });

  test('a cursor that is in no such list makes no page', async (t) => {
    const { store } = await open(t);
    await create(store, ids);
    await create(store, ['loose'], []);
    await create(store, ['other'], ['messages/run_1', 'messagesx']);
    await store.commit(thread, { deletes: ['c'] });
    for (const cursor of ['nobody', 'loose', 'other', 'c', '']) {
      for (const order of ['asc', 'desc'] as const) {
        assert.equal(await idsOf(store, { after: cursor, order }), undefined);
        assert.equal(await idsOf(store, { before: cursor, order }), undefined);
        assert.equal(await idsOf(store, { after: 'a', before: cursor, order }), undefined);
        assert.equal(await idsOf(store, { after: cursor, before: 'a', order }), undefined);
      }
    }
    assert.deepEqual(await idsOf(store, {}, 'nothing'), []);
    assert.equal(await idsOf(store, { after: 'a' }, 'nothing'), undefined);
  });

  test('a document may be in several lists, and each list has its own', async (t) => {
    const { store } = await open(t);
    await create(store, ['a'], ['messages', 'messages/run_1']);
    await create(store, ['b'], ['messages', 'messages/run_2']);
    await create(store, ['c'], ['messages/run_1', 'messages']);
    await create(store, ['d'], ['messages', 'messages']);
    assert.deepEqual(await idsOf(store), ['a', 'b', 'c', 'd']);
    assert.deepEqual(await idsOf(store, {}, 'messages/run_1'), ['a', 'c']);
    assert.deepEqual(await idsOf(store, { order: 'desc', after: 'c' }, 'messages/run_1'), ['a']);
    assert.deepEqual(await idsOf(store, {}, 'messages/run_2'), ['b']);
    assert.deepEqual(await idsOf(store, {}, 'messages/run'), []);
  });

  test('a document joins its lists when it is created, and stays where it is when it is written', async (t) => {
    const { store } = await open(t);
    await create(store, ['a', 'b', 'c']);
    const puts = [{ id: 'a', body: 'A', lists: ['messages', 'late'] }];
    await store.commit(thread, { puts });
    const page = await store.list(thread, 'messages', { limit: 1, order: 'asc' });
    assert.deepEqual(page, { documents: [isDocument('a', 2, 'A')], hasMore: true });
    assert.deepEqual(await idsOf(store), ['a', 'b', 'c']);
    assert.deepEqual(await idsOf(store, {}, 'late'), []);
  });

  test('what is deleted vanishes from its lists, and comes back at their end', async (t) => {
    const { store } = await open(t);
    await create(store, ['a', 'b', 'c'], ['messages', 'messages/run_1']);
    await store.commit(thread, { deletes: ['a', 'c'] });
    assert.deepEqual(await idsOf(store), ['b']);
    assert.deepEqual(await idsOf(store, {}, 'messages/run_1'), ['b']);
    await create(store, ['c', 'a'], ['messages']);
    assert.deepEqual(await idsOf(store), ['b', 'c', 'a']);
    assert.deepEqual(await idsOf(store, { after: 'b', limit: 1 }), ['c', '…']);
    assert.deepEqual(await idsOf(store, {}, 'messages/run_1'), ['b']);
  });

  test('a page changes nothing that was read when documents are created behind it', async (t) => {
    const { store } = await open(t);
    await create(store, ['a', 'b']);
    const seen = [...(await idsOf(store, { limit: 2 }))!];
    await create(store, ['c', 'd', 'e']);
    seen.push(...(await idsOf(store, { limit: 2, after: 'b' }))!);
    assert.deepEqual(seen, ['a', 'b', 'c', 'd', '…']);
  });
}
