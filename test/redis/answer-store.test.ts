import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AnswerStore } from '../../src/idempotency/answer-store.ts';
import { startCluster, startRedis } from '../harness/redis.ts';
import { callBy, terms } from '../idempotency/contract/answer-store-under-test.ts';
import { array, testGarbledReplies, word } from './garbled-replies.ts';
import { openAnswers, openReadyAnswers } from './open-answers.ts';
import { rejection } from './rejection.ts';
import { startScriptedServer } from './scripted-server.ts';
import { untilCarriedOut } from './share-server.ts';
import { watchCommands } from './watch-commands.ts';

const { leaseMs, keepMs } = terms;
const one = callBy('one');
const answer = Buffer.from('an answer');

function methodsOf(store: AnswerStore): Record<string, () => Promise<unknown>> {
  return {
    begin: () => store.begin(one, 'a'),
    renew: () => store.renew(one, 'a'),
    keep: () => store.keep(one, 'a', answer),
    release: () => store.release(one),
  };
}

test('a call is one key, which goes by itself when its lease or its answer has been there for long', async (t) => {
  const { url, client } = await startRedis(t);
  const store = await openReadyAnswers(t, url, 'p');
  const strange = callBy('one', '{x}:y', 'a}b{c:d');
  const key = 'p:{a%7Db%7Bc%3Ad::call:%7Bx%7D%3Ay}:c';
  await store.begin(strange, 'a');
  assert.deepEqual(await client.keys('*'), [key]);
  const near = (ttlMs: number, wantedMs: number) => ttlMs <= wantedMs && ttlMs > wantedMs - 10_000;
  assert.ok(near(await client.pttl(key), leaseMs + keepMs));
  await client.pexpire(key, 5000);
  await store.renew(strange, 'a');
  assert.ok(near(await client.pttl(key), leaseMs + keepMs));
  await store.keep(strange, 'a', answer);
  const ttlMs = await client.pttl(key);
  assert.ok(near(ttlMs, keepMs), `${ttlMs}`);
  await client.del(key);
  await store.begin(strange, 'a');
  await store.release(strange);
  assert.deepEqual(await client.keys('*'), []);
});

test('every method is one command', async (t) => {
  const redis = await startRedis(t);
  const store = await openReadyAnswers(t, redis.url);
  const commandsOf = await watchCommands(t, redis);
  for (const [name, method] of Object.entries(methodsOf(store))) {
    await method();
    assert.deepEqual(await commandsOf(method), ['evalsha'], name);
  }
});

test('calls of one organisation live on all nodes of a cluster', async (t) => {
  const cluster = await startCluster(t);
  const store = await openReadyAnswers(t, cluster.url, 'p');
  const calls = Array.from({ length: 12 }, (_, index) => callBy('one', `call ${index}`));
  for (const call of calls) {
    // Each node is connected to when it is first needed.
    await untilCarriedOut(() => store.release(call));
    assert.deepEqual(await store.begin(call, 'a'), { kind: 'begun' });
    await store.renew(call, 'a');
    await store.keep(call, 'a', answer);
    const found = await store.begin({ ...call, owner: 'two' }, 'a');
    assert.deepEqual(found, { kind: 'answered', body: 'a', answer });
  }
  for (const { client } of cluster.nodes) {
    const keys = await client.keys('p:{acme::call:*');
    assert.ok(keys.length > 0);
  }
});

test('without a server every method says so in time, and that nothing has happened', async (t) => {
  const redis = await startRedis(t);
  const store = await openReadyAnswers(t, redis.url);
  await redis.stop();
  for (const method of Object.values(methodsOf(store))) {
    const startedAtMs = performance.now();
    assert.equal((await rejection(method())).mayHaveHappened, false);
    assert.ok(performance.now() - startedAtMs < 2700);
  }
});

test('a server that breaks off is asked once, and nobody knows what it did', async (t) => {
  let asked = 0;
  const url = await startScriptedServer(t, (socket) => {
    asked += 1;
    socket.end('*1\r\n$4\r\nbe');
    return '';
  });
  const store = openAnswers(t, url);
  assert.equal((await rejection(store.begin(one, 'a'))).mayHaveHappened, true);
  assert.equal(asked, 1);
});

testGarbledReplies(
  {
    'a call that runs without a fingerprint': array(word('running')),
    'an answer that is not there': array(word('answered'), word('a'), '$-1\r\n'),
  },
  (t, url) => methodsOf(openAnswers(t, url)),
);

test('no answer reaches an error', async (t) => {
  const redis = await startRedis(t);
  const store = await openReadyAnswers(t, redis.url, 'p');
  // Another kind of value than the script expects.
  await redis.client.set('p:{acme::call:call}:c', 'x');
  const error = await rejection(store.keep(one, 'a', Buffer.from('a secret')));
  assert.match(error.message, /WRONGTYPE/);
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    assert.doesNotMatch(JSON.stringify({ ...each, text: `${each.stack}` }), /a secret/);
  }
});
