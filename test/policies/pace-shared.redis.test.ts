import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { createRedisSharedAllowances } from '../../src/redis/redis-shared-allowances.ts';
import { createFakeClock } from '../harness/fake-clock.ts';
import { startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';
import { pacedCalls, requestsLeft } from './paced-calls.ts';
import { startTokenBucketUpstream } from './token-bucket-upstream.ts';

test('a pod that was never told of a limit is slowed by what another one was told', async (t) => {
  const redis = await startRedis(t);
  const isTold = (body: string) => body.includes('"user":"told"');
  const { url } = await startTokenBucketUpstream(t, { limit: 3, perSecond: 0.001, isTold });
  const [a, b] = [await startPod(t, url, redis.url, 100), await startPod(t, url, redis.url, 100)];
  for (let index = 0; index < 3; index += 1) assert.equal(await call(a, 'told'), 200);
  // A pod's first call of a model is not slowed: it is the one that asks.
  await until(async () => {
    await call(b, 'not told');
    return (await b.metrics()).includes('upstream_pacing_seconds_total{');
  });
  assert.doesNotMatch(await b.metrics(), /upstream_ratelimit_limit{/);
});

test('a 429 that one pod gets holds back the calls of the others', async (t) => {
  const redis = await startRedis(t);
  const { url } = await startUpstream(t, (request, response) => {
    request.resume();
    if (request.headers['x-refuse'] === undefined) return answerJson(response, {});
    response.setHeader('retry-after', '50');
    return answerJson(response, {}, 429);
  });
  const [a, b] = [await startPod(t, url, redis.url, 100), await startPod(t, url, redis.url, 100)];
  assert.equal(await call(a, 'a', { 'x-refuse': '1' }), 429);
  await until(async () => {
    await call(b, 'b');
    return (await b.metrics()).includes('upstream_pacing_seconds_total{');
  });
});

test('four pods over the limit are refused far less if they share what they know', async (t) => {
  const redis = await startRedis(t);
  const alone = await loadFourPods(t, '');
  const together = await loadFourPods(t, redis.url);
  t.diagnostic(`429s of ${alone.calls} calls without sharing: ${alone.refused}`);
  t.diagnostic(`429s of ${together.calls} calls with sharing: ${together.refused}`);
  assert.ok(alone.refused > 50, 'the load is well over the limit');
  assert.ok(together.refused <= alone.refused / 6, `${together.refused} of ${alone.refused}`);
  assert.ok(together.calls - together.refused >= (alone.calls - alone.refused) / 2, 'and served as well');
});

test('when Redis dies under load, calls go on', async (t) => {
  const redis = await startRedis(t);
  const { url } = await startTokenBucketUpstream(t, { limit: 20, perSecond: 200 });
  const pods = [await startPod(t, url, redis.url, 1000), await startPod(t, url, redis.url, 1000)];
  const statuses = async () => (await Promise.all(pods.map((pod) => callInTurn(pod, 30)))).flat();
  await statuses();
  assert.equal((await redis.client.keys('*:l:gpt-4o')).length, 1);
  const going = statuses();
  await redis.kill();
  assert.deepEqual(await going.then(isOther), []);
  assert.deepEqual(await statuses().then(isOther), []);
  await redis.restart();
  await until(async () => {
    await statuses();
    return (await redis.client.keys('*:l:gpt-4o')).length === 1;
  });
});

test('the store is talked to in the background, now and then, and by an idle pod not at all', async (t) => {
  const redis = await startRedis(t);
  const { url } = await startTokenBucketUpstream(t, { limit: 1000, perSecond: 1000 });
  const pod = await startPod(t, url, redis.url, 1000);
  await callInTurn(pod, 2);
  await until(async () => (await redis.client.keys('*:l:gpt-4o')).length === 1);
  const sent = await watch(t, redis.client);
  // All that is new has been told when there were two breaks without any.
  await until(async () => (await sent.during(250)).length === 0);
  assert.deepEqual(await sent.during(500), []);

  const calls = 300;
  const [commands, isDone] = [sent.during(1500), callInTurn(pod, calls)];
  const statuses = await isDone;
  assert.equal(statuses.filter((status) => status === 200).length, calls);
  const names = await commands;
  assert.ok(names.length > 0 && names.length <= 20, `${names.length} exchanges`);
  assert.deepEqual([...new Set(names)], ['evalsha']);
});

test('a store that stands still holds up no call', async (t) => {
  const redis = await startRedis(t);
  const shared = createRedisSharedAllowances({
    url: redis.url,
    timeoutMs: 600_000,
    keyPrefix: 'p',
    onError: () => {},
  });
  t.after(() => shared.close());
  const clock = createFakeClock();
  const call = pacedCalls(clock, { shared });
  await call({ headers: requestsLeft(10, 9, '1s') }).answered;
  await until(async () => {
    await clock.advance(100);
    return (await redis.client.keys('p:*')).length === 1;
  });
  await redis.client.call('CLIENT', 'PAUSE', '60000', 'ALL');
  let hasGoneOn = false;
  void redis.client.ping().then(
    () => (hasGoneOn = true),
    () => {},
  );
  for (let index = 0; index < 5; index += 1) {
    await clock.advance(100);
    await call({ headers: requestsLeft(10, 9, '1s') }).answered;
  }
  const waiting = [1, 2, 3].map(() => call({ headers: requestsLeft(1, 0, '1s') }));
  await clock.advance(0);
  assert.deepEqual(
    waiting.map(({ sentAtMs }) => sentAtMs),
    [clock.nowMs(), clock.nowMs(), clock.nowMs()],
  );
  assert.equal(hasGoneOn, false);
  await redis.kill();
});

async function loadFourPods(t: TestContext, redisUrl: string) {
  const { url, seen } = await startTokenBucketUpstream(t, { limit: 20, perSecond: 40 });
  const pods = await Promise.all([1, 2, 3, 4].map(() => startPod(t, url, redisUrl, 10_000)));
  // Each pod has called, and knows of the limit.
  for (const pod of pods) await call(pod);
  Object.assign(seen, { calls: 0, refused: 0 });
  const overAtMs = performance.now() + 6000;
  const workers = pods.flatMap((pod) =>
    Array.from({ length: 5 }, async () => {
      while (performance.now() < overAtMs) await call(pod);
    }),
  );
  await Promise.all(workers);
  return seen;
}

function startPod(
  t: TestContext,
  upstreamUrl: string,
  redisUrl: string,
  paceUpToMs: number,
): Promise<Sidecar> {
  const env = {
    ASSISTANT_PROXY_STORE_REDIS_URL: redisUrl,
    ASSISTANT_PROXY_UPSTREAM_PACE_UP_TO_MS: `${paceUpToMs}`,
    // Who serves the Assistants API asks the store for work, too.
    ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough',
  };
  return startSidecar(t, { upstreamUrl, env });
}

async function call(pod: Sidecar, user = '', headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`${pod.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'gpt-4o', messages: [], user }),
  });
  await answer.text();
  return answer.status;
}

async function callInTurn(pod: Sidecar, calls: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < calls; index += 1) statuses.push(await call(pod));
  return statuses;
}

/** Neither served nor refused by the upstream's own limit. */
function isOther(statuses: readonly number[]): number[] {
  return statuses.filter((status) => status !== 200 && status !== 429);
}

/** What clients send, as MONITOR sees it. */
async function watch(t: TestContext, client: Awaited<ReturnType<typeof startRedis>>['client']) {
  const monitor = await client.monitor();
  monitor.on('error', () => {});
  t.after(() => monitor.disconnect());
  let seen: string[] = [];
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    if (source !== 'lua') seen.push(command.toLowerCase());
  });
  return {
    async during(ms: number): Promise<string[]> {
      seen = [];
      await new Promise((resolve) => setTimeout(resolve, ms));
      return seen;
    },
  };
}
