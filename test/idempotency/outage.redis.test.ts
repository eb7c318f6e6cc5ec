import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { startRedis, until } from '../harness/redis.ts';
import type { Sidecar } from '../harness/sidecar.ts';
import { type Answered, podsOn, post } from './keyed-calls.ts';

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };

async function start(t: TestContext) {
  const redis = await startRedis(t, { aof: true });
  const upstream = await startGatedUpstream(t);
  const [one, other] = await podsOn(t, redis, { upstreamUrl: upstream.url });
  return { redis, upstream, one, other };
}

/** Until the store takes calls again: then the answer is there. */
async function untilAnswered(pod: Sidecar): Promise<Answered> {
  let answered: Answered | undefined;
  await until(async () => {
    answered = await post(pod, chat);
    return answered.status !== 503;
  });
  return answered!;
}

describe('calls with an Idempotency-Key while Redis is away', () => {
  test('are refused, not made unguarded, and others are made as ever', async (t) => {
    const { redis, upstream, one } = await start(t);
    await redis.stop();
    const refused = await post(one, chat);
    assert.deepEqual([refused.status, refused.code], [503, 'store_unavailable']);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal(await metricSum(one, 'assistant_proxy_idempotent_requests_total', { result: 'refused' }), 1);
    assert.equal(upstream.arrivals.length, 0);
    const plain = post(one, chat, { key: '' });
    (await upstream.arrival(1)).answer();
    assert.equal((await plain).status, 200);
    await redis.restart();
    const call = untilAnswered(one);
    (await upstream.arrival(2)).answer();
    assert.equal((await call).status, 200);
    assert.equal((await post(one, chat)).isReplayed, true);
  });

  test('are refused in time by one that says nothing, and may be made when it speaks again', async (t) => {
    const { redis, upstream, one } = await start(t);
    const before = post(one, chat, { key: 'before' });
    (await upstream.arrival(1)).answer();
    await before;
    assert.equal((await post(one, chat, { key: 'before' })).isReplayed, true);
    process.kill(redis.pid, 'SIGSTOP');
    const refused = await post(one, chat);
    process.kill(redis.pid, 'SIGCONT');
    assert.deepEqual([refused.status, refused.code], [503, 'store_unavailable']);
    assert.equal(upstream.arrivals.length, 1);
    // What the silent server had been told of the call is taken back.
    const call = untilAnswered(one);
    (await upstream.arrival(2)).answer();
    assert.equal((await call).status, 200);
    assert.equal((await post(one, chat)).isReplayed, true);
    assert.equal(upstream.arrivals.length, 2);
  });

  test('end as ever if they had begun, and are not made again: the answer is kept once Redis is back', async (t) => {
    const { redis, upstream, one, other } = await start(t);
    const call = post(one, chat);
    const arrival = await upstream.arrival(1);
    const waiting = post(other, chat);
    await redis.stop();
    arrival.answer();
    const first = await call;
    assert.deepEqual([first.status, first.isReplayed], [200, false]);
    assert.equal((await waiting).status, 503, 'whoever waited is told to come again');
    await redis.restart();
    const again = await untilAnswered(other);
    assert.deepEqual([again.status, again.text, again.isReplayed], [200, first.text, true]);
    assert.equal(upstream.arrivals.length, 1);
  });
});
