import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson } from '../harness/governed.ts';
import { startRedis, until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { enacted } from './enacted.ts';

const month = (tokens: number) =>
  `budgets: [{ name: month, limit: { tokens: ${tokens} }, window: { every: month }, onTight: deny }]`;

test('pods that a change reaches one after the other spend from one budget, each up to its own limit', async (t) => {
  const redis = await startRedis(t);
  const upstream = await startGatedUpstream(t);
  const env = { ASSISTANT_PROXY_STORE_REDIS_URL: redis.url };
  const pods = await Promise.all(
    ['a', 'b'].map((pod) => startSidecar(t, { upstreamUrl: upstream.url, config: month(200), env, pod })),
  );
  const [first, second] = pods as [(typeof pods)[0], (typeof pods)[0]];
  let calls = 0;
  const spend = async (pod: typeof first) => {
    const call = postJson(`${pod.url}/chat/completions`, chat(3));
    calls += 1;
    (await upstream.arrival(calls)).answer('{"prompt_tokens":20,"completion_tokens":80,"total_tokens":100}');
    await (await call).text();
    await until(async () => (await pod.budgets()).every(({ held }) => held === 0));
  };
  const statusAt = async (pod: typeof first) =>
    (await postJson(`${pod.url}/chat/completions`, chat(3))).status;
  await spend(first);
  assert.equal(await statusAt(second), 429);
  await enacted(second, month(400));
  await spend(second);
  assert.equal(await statusAt(first), 429);
  await enacted(first, month(400));
  await spend(first);
  const rows = await Promise.all(pods.map((pod) => pod.budgets()));
  assert.deepEqual(
    rows.flat().map(({ used, limit }) => [used, limit]),
    [
      [300, 400],
      [300, 400],
    ],
  );
});

test('a first budget while Redis is away is enacted, and denies until it is back, or a change allows calls', async (t) => {
  const redis = await startRedis(t);
  const upstream = await startGatedUpstream(t);
  const env = { ASSISTANT_PROXY_STORE_REDIS_URL: redis.url, ASSISTANT_PROXY_STORE_TIMEOUT_MS: '200' };
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: '', env });
  await redis.stop();
  await enacted(sidecar, month(200));
  const statusOf = async () => (await postJson(`${sidecar.url}/chat/completions`, chat(3))).status;
  assert.equal(await statusOf(), 503);
  await enacted(sidecar, `${month(200)}\nonStoreOutage: allow`);
  void upstream.arrival(1).then(({ answer }) => answer());
  assert.equal(await statusOf(), 200);
  const { stores } = (await (await fetch(`${sidecar.adminUrl}/status`)).json()) as {
    stores: { onOutage: string }[];
  };
  assert.equal(stores[0]?.onOutage, 'allow');
  await enacted(sidecar, month(1000));
  assert.equal(await statusOf(), 503);
  await redis.restart();
  void upstream.arrival(2).then(({ answer }) => answer());
  await until(async () => (await statusOf()) === 200);
});
