import assert from 'node:assert/strict';
import { test } from 'node:test';

import { create, minuteMs, org, thread } from '../assistants-store/contract/store-under-test.ts';
import { startRedis } from '../harness/redis.ts';
import { openReadyStore } from './open-assistant-store.ts';
import { watchCommands } from './watch-commands.ts';

test('a thread is three keys of one hash tag, and none when its documents are gone', async (t) => {
  const redis = await startRedis(t);
  const { store } = await openReadyStore(t, redis.url, 'p');
  const strange = { org: 'a}b{c:d', name: '{x}:y' };
  const keys = async () => (await redis.client.keys('*')).sort();
  await create(store, ['a', 'b'], ['messages', 'messages/run_1'], strange);
  const base = 'p:{a%7Db%7Bc%3Ad:%7Bx%7D%3Ay}:';
  assert.deepEqual(await keys(), [`${base}b`, `${base}l`, `${base}m`]);
  await store.commit(strange, { deletes: ['a', 'b'] });
  assert.deepEqual(await keys(), []);
  await create(store, ['a'], [], strange);
  assert.deepEqual(await keys(), [`${base}b`, `${base}m`]);
  await store.drop(strange);
  assert.deepEqual(await keys(), []);
});

test('work that is finished leaves nothing behind', async (t) => {
  const redis = await startRedis(t);
  const { store } = await openReadyStore(t, redis.url, 'p');
  await store.schedule(org, 'a', 0);
  await store.call(org, 'a');
  assert.deepEqual((await redis.client.keys('*')).sort(), ['p:{acme::work}:c', 'p:{acme::work}:d']);
  await store.finish(org, 'a');
  await store.call(org, 'a');
  await store.renew(org, ['a'], minuteMs);
  assert.deepEqual(await redis.client.keys('*'), []);
});

test('every method is one command', async (t) => {
  const redis = await startRedis(t);
  const { store } = await openReadyStore(t, redis.url);
  const puts = [{ id: 'a', body: 'a', lists: ['messages'] }];
  const methods = [
    () => store.commit(thread, { puts, conditions: [{ id: 'b', is: 'absent' }], deletes: ['c'] }),
    () => store.get(thread, ['a', 'b']),
    () => store.list(thread, 'messages', { limit: 10, order: 'asc' }),
    () => store.schedule(org, 'a', 0),
    () => store.call(org, 'a'),
    () => store.claim(org, minuteMs, 10),
    () => store.renew(org, ['a'], minuteMs),
    () => store.finish(org, 'a'),
    () => store.drop(thread),
  ];
  // The server learns the scripts.
  for (const method of methods) await method();
  const commandsOf = await watchCommands(t, redis);
  for (const method of methods) assert.deepEqual(await commandsOf(method), ['evalsha']);
});
