import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { budgetRow, chargedRow, heldRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { type RedisSetup, startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';

const timeoutMs = 300;
/** What a busy machine may add to a decision. */
const slackMs = 700;
const billed = 30;
const day = { name: 'day' };

for (const [how, breakRedis] of [
  ['is gone', ({ stop }: RunningRedis) => stop()],
  ['says nothing any more', async ({ pid }: RunningRedis) => void process.kill(pid, 'SIGSTOP')],
] as const) {
  test(`with \`deny\` a call gets a clear 503 in time while Redis ${how}`, async (t) => {
    const { redis, call, upstream, sidecar } = await startOnRedis(t, 'deny');
    await answered(call(), upstream);
    await breakRedis(redis);
    for (let index = 0; index < 3; index += 1) {
      const askedAtMs = performance.now();
      const refused = await call();
      assert.ok(performance.now() - askedAtMs < timeoutMs + slackMs);
      assert.equal(refused.status, 503);
      assert.equal(refused.headers.get('retry-after'), '1');
      const { error } = (await refused.json()) as { error: Record<string, unknown> };
      assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
      assert.deepEqual([error['type'], error['code']], ['server_error', 'store_unavailable']);
    }
    assert.equal(upstream.arrivals.length, 1, 'what is refused is not sent');
    assert.equal(await metricSum(sidecar, 'assistant_proxy_store_outages_total'), 3);
    const told = sidecar.logLines().filter(({ msg }) => msg === 'the store of budgets is out of reach');
    assert.equal(told.length, 1, 'one outage is one line');
    await redis.restart();
    await untilBack(sidecar);
    await answered(call(), upstream);
    await chargedRow(sidecar, day);
  });
}

test('after a Redis that was silent nothing is held for the calls that it kept waiting', async (t) => {
  const { redis, call, upstream, sidecar } = await startOnRedis(t, 'deny');
  await answered(call(), upstream);
  process.kill(redis.pid, 'SIGSTOP');
  const refused = await Promise.all([call(), call(), call()]);
  assert.deepEqual(
    refused.map(({ status }) => status),
    [503, 503, 503],
  );
  process.kill(redis.pid, 'SIGCONT');
  await untilPending(sidecar, 0);
  const row = await chargedRow(sidecar, day);
  assert.deepEqual([row.used, row.held], [billed, 0]);
});

test('with `allow` calls are answered without Redis, and charged exactly when it is back', async (t) => {
  const { redis, call, upstream, sidecar } = await startOnRedis(t, 'allow', { aof: true });
  await answered(call(), upstream);
  await chargedRow(sidecar, day);
  await redis.stop();
  for (let index = 0; index < 3; index += 1) {
    const answer = await answered(call(), upstream);
    assert.equal(answer.headers.get('ratelimit'), null, 'nobody knows what is left');
  }
  await untilPending(sidecar, 3);
  await redis.restart();
  await untilPending(sidecar, 0);
  const row = await chargedRow(sidecar, day);
  assert.deepEqual([row.used, row.held], [4 * billed, 0]);
  // A store that is only just back may answer too late, and is then asked again.
  const kinds = ['recovered', 'duplicate'].map((kind) =>
    metricSum(sidecar, 'assistant_proxy_settlements_total', { kind }),
  );
  const [recovered = 0, repeated = 0] = await Promise.all(kinds);
  assert.equal(recovered + repeated, 3);
});

test('a call that was allowed without Redis is charged to the window that it began in', async (t) => {
  const { redis, call, upstream, sidecar } = await startOnRedis(t, 'allow', { aof: true, fakeTime: true });
  const [seconds] = await redis.client.time();
  const dayMs = 86_400_000;
  await redis.advance(dayMs - ((Number(seconds) * 1000) % dayMs) - 60_000);
  await answered(call(), upstream);
  const { windowStart } = await chargedRow(sidecar, day);
  await redis.stop();
  await answered(call(), upstream);
  // The store comes back behind midnight.
  await redis.advance(120_000);
  await redis.restart();
  await untilPending(sidecar, 0);
  await answered(call(), upstream);
  const today = await chargedRow(sidecar, day);
  assert.equal(today.used, billed);
  assert.notEqual(today.windowStart, windowStart);
  await redis.advance(-120_000);
  const yesterday = await chargedRow(sidecar, { ...day, windowStart });
  assert.equal(yesterday.used, 2 * billed);
});

test('calls that end while Redis is down are charged when it is back', async (t) => {
  const { redis, call, upstream, sidecar } = await startOnRedis(t, 'deny', { aof: true });
  const calls = [call(), call(), call()];
  await upstream.arrival(3);
  await redis.kill();
  for (const arrival of upstream.arrivals) arrival.answer();
  for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200);
  await untilPending(sidecar, 3);
  await redis.restart();
  await untilPending(sidecar, 0);
  const row = await chargedRow(sidecar, day);
  assert.deepEqual([row.used, row.held], [3 * billed, 0]);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_settlements_lost_total'), 0);
});

test('a Redis that is flushed while a call runs is told what to charge for it', async (t) => {
  const { redis, call, upstream, sidecar } = await startOnRedis(t, 'deny');
  const running = call();
  const arrival = await upstream.arrival(1);
  await heldRow(sidecar, day);
  await redis.client.flushall();
  assert.equal(await budgetRow(sidecar, day), undefined);
  arrival.answer();
  assert.equal((await running).status, 200);
  const row = await chargedRow(sidecar, day);
  assert.deepEqual([row.used, row.held], [billed, 0]);
  const recovered = { kind: 'recovered' };
  assert.equal(await metricSum(sidecar, 'assistant_proxy_settlements_total', recovered), 1);
});

test('calls without a budget or limit pass while Redis is down', async (t) => {
  const { redis, sidecar, upstream } = await startOnRedis(t, 'deny');
  await redis.stop();
  const models = fetch(`${sidecar.url}/models`);
  (await upstream.arrival(1)).response.end('{}');
  assert.equal((await models).status, 200);
});

type RunningRedis = Awaited<ReturnType<typeof startRedis>>;
type Gated = Awaited<ReturnType<typeof startGatedUpstream>>;

async function startOnRedis(t: TestContext, onStoreOutage: 'deny' | 'allow', setup: RedisSetup = {}) {
  const redis = await startRedis(t, setup);
  const upstream = await startGatedUpstream(t);
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: ${timeoutMs}, leaseMs: 3600000 }
onStoreOutage: ${onStoreOutage}
budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]`;
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const call = () => postJson(`${sidecar.url}/chat/completions`, chat(1));
  return { redis, upstream, sidecar, call };
}

async function answered(call: Promise<Response>, upstream: Gated): Promise<Response> {
  (await upstream.arrival(upstream.arrivals.length + 1)).answer();
  const answer = await call;
  assert.equal(answer.status, 200);
  return answer;
}

/** Until the sidecar has found the store again. */
function untilBack(sidecar: Sidecar): Promise<void> {
  // Until then it answers with an error.
  return until(async () => Array.isArray(await sidecar.budgets()));
}

/** Until so many charges wait for the store. */
function untilPending(sidecar: Sidecar, count: number): Promise<void> {
  return until(async () => (await metricSum(sidecar, 'assistant_proxy_settlements_pending')) === count);
}
