import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { startRedis } from '../harness/redis.ts';
import { podsOn, post } from './keyed-calls.ts';

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };

/** A call on the first pod that its caller has left. */
async function startLeft(t: TestContext, graceMs: number) {
  const redis = await startRedis(t);
  const upstream = await startGatedUpstream(t);
  const env = { ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS: `${graceMs}` };
  const [one, other] = await podsOn(t, redis, { upstreamUrl: upstream.url, env });
  const leaving = new AbortController();
  const call = post(one, chat, { signal: leaving.signal }).catch((error: Error) => error.name);
  const arrival = await upstream.arrival(1);
  leaving.abort();
  assert.equal(await call, 'AbortError');
  return { upstream, arrival, one, other };
}

describe('a shutdown in the middle of a call with an Idempotency-Key', () => {
  test('waits for it, though its caller has left, and keeps its answer', async (t) => {
    const { upstream, arrival, one, other } = await startLeft(t, 20_000);
    const stopped = one.shutDown();
    const back = post(other, chat);
    // Nobody's connection is open any more: long enough for a shutdown that only waits for those.
    await sleep(300);
    arrival.answer();
    assert.equal(await stopped, true);
    const { status, isReplayed } = await back;
    assert.deepEqual([status, isReplayed], [200, true]);
    assert.equal(upstream.arrivals.length, 1);
  });

  test('cuts it at the end of the grace period, and says so to whoever comes for the answer', async (t) => {
    const { upstream, arrival, one, other } = await startLeft(t, 200);
    assert.equal(await one.shutDown(), false);
    const { status, code, text, isReplayed } = await post(other, chat);
    assert.deepEqual([status, code, isReplayed], [502, 'upstream_unreachable', true]);
    assert.match(text, /broke off, and may have run/);
    assert.ok(arrival.response.destroyed, 'the upstream is told');
    assert.equal(upstream.arrivals.length, 1);
  });
});
