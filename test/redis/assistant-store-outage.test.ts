import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AssistantStore } from '../../src/assistants/store/store.ts';
import type { StoreUnavailable } from '../../src/store-unavailable.ts';
import {
  bodyOf,
  create,
  idsOf,
  minuteMs,
  org,
  thread,
} from '../assistants-store/contract/store-under-test.ts';
import { startRedis, until } from '../harness/redis.ts';
import { array, testGarbledReplies, word } from './garbled-replies.ts';
import { openAssistantStore, openReadyStore, untilStoreIsReady } from './open-assistant-store.ts';
import { rejection } from './rejection.ts';
import { startScriptedServer } from './scripted-server.ts';

/** What contents get, whatever decisions do. */
const timeoutMs = 2000;
const maxBackoffMs = 1000;
/** What a busy machine may add to a timeout. */
const slackMs = 700;

function methodsOf(store: AssistantStore): Record<string, () => Promise<unknown>> {
  return {
    get: () => store.get(thread, ['a']),
    commit: () => store.commit(thread, { puts: [{ id: 'late', body: 'late', lists: ['messages'] }] }),
    list: () => store.list(thread, 'messages', { limit: 1, order: 'asc' }),
    drop: () => store.drop({ org, name: 'nothing' }),
    schedule: () => store.schedule(org, 'late', 0),
    claim: () => store.claim(org, 1, 1),
    renew: () => store.renew(org, ['b'], 1),
    call: () => store.call(org, 'b'),
    finish: () => store.finish(org, 'b'),
  };
}

test('while nothing listens every method is rejected in time, and works when Redis is back', async (t) => {
  const redis = await startRedis(t, { aof: true });
  const { store, errors } = await openReadyStore(t, redis.url);
  await create(store, ['a']);
  await store.schedule(org, 'work', 0);
  await redis.kill();
  await until(async () => errors.some(({ message }) => message.includes('ECONNREFUSED')));
  const rejections = Object.values(methodsOf(store)).map((method) => timedRejection(method()));
  for (const { tookMs, error } of await Promise.all(rejections)) {
    // Until the next attempt to connect fails.
    assert.ok(tookMs < maxBackoffMs + slackMs, `${tookMs} ms`);
    assert.equal(error.mayHaveHappened, false);
  }
  await redis.restart();
  await untilStoreIsReady(store);
  assert.deepEqual(await idsOf(store), ['a']);
  assert.deepEqual(await store.claim(org, minuteMs, 10), ['work']);
  for (const method of Object.values(methodsOf(store))) await method();
  assert.equal(await bodyOf(store, 'late'), 'late');
});

test('a server that says nothing any more is waited for no longer than two seconds', async (t) => {
  const redis = await startRedis(t);
  const { store } = await openReadyStore(t, redis.url);
  for (const method of Object.values(methodsOf(store))) await method();
  process.kill(redis.pid, 'SIGSTOP');
  const rejections = Object.values(methodsOf(store)).map((method) => timedRejection(method()));
  for (const { tookMs, error } of await Promise.all(rejections)) {
    assert.ok(tookMs >= timeoutMs - 5 && tookMs < timeoutMs + slackMs, `${tookMs} ms`);
    assert.equal(error.mayHaveHappened, true);
  }
  process.kill(redis.pid, 'SIGCONT');
  await untilStoreIsReady(store);
  await create(store, ['after']);
});

test('a connection that comes too late carries nothing that was given up', async (t) => {
  const redis = await startRedis(t);
  process.kill(redis.pid, 'SIGSTOP');
  const { store } = openAssistantStore(t, redis.url);
  const { tookMs } = await timedRejection(create(store, ['late']));
  assert.ok(tookMs < timeoutMs + slackMs, `${tookMs} ms`);
  process.kill(redis.pid, 'SIGCONT');
  await untilStoreIsReady(store);
  await sleep(50);
  assert.deepEqual(await idsOf(store), []);
});

test('a commit whose answer is lost may have happened, and is not sent again', async (t) => {
  let asked = 0;
  const url = await startScriptedServer(t, (socket) => {
    asked += 1;
    socket.end('*1\r\n$4\r\ndo');
    return '';
  });
  const { store } = openAssistantStore(t, url);
  const error = await rejection(store.commit(thread, { puts: [{ id: 'a', body: 'a' }] }));
  assert.equal(error.mayHaveHappened, true);
  await sleep(200);
  assert.equal(asked, 1);
});

test('a server whose memory is full changes nothing', async (t) => {
  const redis = await startRedis(t);
  const { store } = await openReadyStore(t, redis.url);
  await create(store, ['a']);
  await redis.client.config('SET', 'maxmemory', '1');
  const puts = ['a', 'b'].map((id) => ({ id, body: 'changed', lists: ['messages'] }));
  const error = await rejection(store.commit(thread, { puts }));
  assert.match(error.message, /OOM/);
  await redis.client.config('SET', 'maxmemory', '0');
  assert.deepEqual(await idsOf(store), ['a']);
  assert.equal(await bodyOf(store, 'a'), 'a');
});

test('no argument reaches an error', async (t) => {
  const redis = await startRedis(t);
  const { store } = await openReadyStore(t, redis.url, 'prefix');
  // Another kind of value than the script expects.
  await redis.client.set('prefix:{acme:thread_1}:m', 'x');
  const error = await rejection(store.commit(thread, { puts: [{ id: 'a', body: 'a secret' }] }));
  assert.match(error.message, /WRONGTYPE/);
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    assert.doesNotMatch(JSON.stringify({ ...each, text: `${each.stack}` }), /a secret/);
  }
});

testGarbledReplies(
  {
    'documents that are cut off': array(word('documents'), word('a'), word('1')),
    'too many documents': array(word('documents'), ...Array.from({ length: 6 }, () => word('1'))),
    'a document without a body': array(word('documents'), word('a'), word('1'), '$-1\r\n'),
    'a version that is none': array(word('documents'), word('a'), word('zero'), word('body')),
    'a page with a document that is not there': array(
      word('page'),
      word('0'),
      word('a'),
      '$-1\r\n',
      '$-1\r\n',
    ),
    'a failure of nothing': array(word('failed')),
    'claimed work that is no text': array(word('claimed'), ':1\r\n'),
  },
  (t, url) => methodsOf(openAssistantStore(t, url).store),
);

async function timedRejection(
  work: Promise<unknown>,
): Promise<{ readonly tookMs: number; readonly error: StoreUnavailable }> {
  const startedAtMs = performance.now();
  const error = await rejection(work);
  return { tookMs: performance.now() - startedAtMs, error };
}
