import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bodyOf, create, idsOf, minuteMs } from '../assistants-store/contract/store-under-test.ts';
import { startCluster } from '../harness/redis.ts';
import { openReadyStore, untilStoreIsReady } from './open-assistant-store.ts';

test('threads and work live on all nodes of a cluster', async (t) => {
  const cluster = await startCluster(t);
  const { store } = await openReadyStore(t, cluster.url, 'p');
  const threads = Array.from({ length: 12 }, (_, index) => ({ org: 'acme', name: `thread ${index}` }));
  const orgs = Array.from({ length: 12 }, (_, index) => `org ${index}`);
  // Each node is connected to when it is first needed.
  await Promise.all(orgs.map((org) => untilStoreIsReady(store, org)));
  for (const thread of threads) {
    await create(store, ['a', 'b', 'c'], ['messages'], thread);
    const [before] = await store.get(thread, ['b']);
    const conditions = [{ id: 'b', is: before!.version }];
    const puts = [{ id: 'b', body: 'B' }];
    assert.deepEqual(await store.commit(thread, { conditions, puts, deletes: ['a'] }), { done: true });
    assert.deepEqual(await store.commit(thread, { conditions, puts }), { done: false, failed: ['b'] });
    assert.equal(await bodyOf(store, 'b', thread), 'B');
    assert.deepEqual(await idsOf(store, { order: 'desc' }, 'messages', thread), ['c', 'b']);
  }
  for (const org of orgs) {
    await store.schedule(org, 'a', 0);
    await store.schedule(org, 'b', minuteMs);
    await store.call(org, 'b');
    assert.deepEqual(await store.claim(org, minuteMs, 10), ['a']);
    assert.deepEqual(await store.renew(org, ['a', 'b'], minuteMs), ['b']);
    await store.finish(org, 'a');
  }
  for (const { client } of cluster.nodes) {
    const keys = await client.keys('*');
    assert.ok(
      keys.some((key) => key.startsWith('p:{acme:thread')),
      `${keys}`,
    );
    assert.ok(
      keys.some((key) => key.startsWith('p:{org') && key.endsWith(':d')),
      `${keys}`,
    );
  }
  for (const thread of threads) assert.equal(await store.drop(thread), true);
});
