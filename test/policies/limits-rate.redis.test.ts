import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import OpenAI from 'openai';

import { budgetRow, freeRow, heldRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { billedTokens, chat, postJson, startGoverned } from '../harness/governed.ts';
import { untilInFlight } from '../harness/metric-sums.ts';
import { startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';

test('beyond the burst a call is refused, and passes after the time that the refusal tells', async (t) => {
  const redis = await startRedis(t, { fakeTime: true });
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: 2000 }
limits: [{ name: calls, requests: { rate: 1, per: minute, burst: 3 } }]`;
  const { post, standIn } = await startGoverned(t, { config });
  const call = () => post('/chat/completions', chat(1));
  for (let index = 0; index < 3; index += 1) assert.equal((await call()).status, 200);
  const refused = await call();
  assert.equal(refused.status, 429);
  const retryAfterMs = Number(refused.headers.get('retry-after-ms'));
  assert.ok(retryAfterMs > 30_000 && retryAfterMs <= 60_000, String(retryAfterMs));
  assert.equal(refused.headers.get('retry-after'), String(Math.ceil(retryAfterMs / 1000)));
  assert.equal(refused.headers.get('x-should-retry'), null);
  const { error } = (await refused.json()) as { error: Record<string, unknown> };
  assert.deepEqual(
    [error['code'], error['type'], error['param']],
    ['rate_limit_exceeded', 'rate_limit_error', null],
  );
  assert.match(String(error['message']), /^Limit calls /);
  await redis.advance(retryAfterMs);
  assert.equal((await call()).status, 200);
  assert.equal((await call()).status, 429);
  assert.equal(standIn.requests.length, 4, 'what is refused is not sent');
});

test('a refusal for more than a minute tells SDKs not to wait for it', async (t) => {
  const config = 'limits: [{ name: calls, requests: { rate: 1, per: hour, burst: 1 } }]';
  const { post } = await startGoverned(t, { config });
  assert.equal((await post('/chat/completions', chat(1))).status, 200);
  const refused = await post('/chat/completions', chat(1));
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 3000);
  assert.equal(refused.headers.get('x-should-retry'), 'false');
});

test('the SDK comes back by itself when a refusal was short', async (t) => {
  const config = 'limits: [{ name: calls, requests: { rate: 5, per: second, burst: 1 } }]';
  const { sidecar, standIn } = await startGoverned(t, { config });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'unused', maxRetries: 3 });
  const call = () =>
    client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
  for (let index = 0; index < 3; index += 1) assert.ok((await call()).id);
  assert.equal(standIn.requests.length, 3);
});

test('a limit of one user leaves the others alone', async (t) => {
  const config = `identity: { user: "header:x-user" }
limits: [{ name: mine, per: [user], requests: { rate: 1, per: hour, burst: 1 } }]`;
  const { post } = await startGoverned(t, { config });
  const as = async (user: string) =>
    (await post('/chat/completions', chat(1), { headers: { 'x-user': user } })).status;
  assert.deepEqual([await as('ann'), await as('ann'), await as('bob')], [200, 429, 200]);
});

test('a limit in tokens counts what calls used, once that is known', async (t) => {
  const config = `budgets: [{ name: seen, limit: { tokens: 1 }, window: { every: day }, mode: observe }]
limits: [{ name: pace, tokens: { rate: 1, per: hour, burst: 1000 } }]`;
  const { post, sidecar, standIn, settled } = await startGoverned(t, { config });
  const statusOf = async (max_completion_tokens: number) =>
    (await post('/chat/completions', chat(20, { max_completion_tokens }))).status;
  // Each may use 600, so two would not fit beside each other.
  while (billedTokens(standIn) < 250) {
    assert.equal(await statusOf(600), 200);
    await freeRow(sidecar, { name: 'seen' });
  }
  assert.equal(await statusOf(800), 429);
  assert.equal(await statusOf(600), 200);
  assert.equal((await settled('seen')).used, billedTokens(standIn));
});

test('calls that may wait for a rate arrive upstream in the order in which they came, none too early', async (t) => {
  const { sidecar, upstream, call } = await startWaiting(
    t,
    '{ name: calls, requests: { rate: 10, per: second, burst: 1 }, waitUpToMs: 5000 }',
  );
  const startedAtMs = performance.now();
  const calls: Promise<Response>[] = [];
  let heldTokens = 0;
  for (let index = 0; index < 6; index += 1) {
    calls.push(call(index));
    heldTokens = await heldMoreThan(sidecar, heldTokens);
  }
  await upstream.arrival(6);
  assert.ok(performance.now() - startedAtMs > 480, 'five intervals of 100 ms');
  assert.deepEqual(
    upstream.arrivals.map(({ text }) => (JSON.parse(text) as { seed: number }).seed),
    [0, 1, 2, 3, 4, 5],
  );
  for (const arrival of upstream.arrivals) arrival.answer();
  for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200);
});

test('a call that would wait for longer than it may is refused at once', async (t) => {
  const { call, upstream } = await startWaiting(
    t,
    '{ name: calls, requests: { rate: 1, per: minute, burst: 1 }, waitUpToMs: 30000 }',
  );
  const first = call(0);
  (await upstream.arrival(1)).answer();
  await first;
  const refused = await call(1);
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 25);
});

test('a caller that leaves while its call waits for a rate is not sent, and holds nothing', async (t) => {
  const { sidecar, upstream, call } = await startWaiting(
    t,
    '{ name: calls, requests: { rate: 1, per: minute, burst: 1 }, waitUpToMs: 120000 }',
  );
  const first = call(0);
  (await upstream.arrival(1)).answer();
  await first;
  await freeRow(sidecar, { name: 'seen' });
  const leave = new AbortController();
  const left = call(1, leave.signal);
  await heldRow(sidecar, { name: 'seen' });
  leave.abort();
  await assert.rejects(left);
  assert.equal((await freeRow(sidecar, { name: 'seen' })).used, 30, 'only the first one was charged');
  await untilInFlight(sidecar, 0);
  assert.equal(upstream.arrivals.length, 1);
});

/** A sidecar with one limit, and a budget that shows what is held. */
async function startWaiting(t: TestContext, limit: string) {
  const upstream = await startGatedUpstream(t);
  const config = `budgets: [{ name: seen, limit: { tokens: 1 }, window: { every: day }, mode: observe }]
limits: [${limit}]`;
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  return {
    sidecar,
    upstream,
    call: (seed: number, signal?: AbortSignal) =>
      postJson(`${sidecar.url}/chat/completions`, chat(1, { seed }), signal ? { signal } : {}),
  };
}

/** A call that waits for a rate holds already: so it is known to have been admitted. */
async function heldMoreThan(sidecar: Sidecar, tokens: number): Promise<number> {
  let held = 0;
  await until(async () => {
    held = (await budgetRow(sidecar, { name: 'seen' }))?.held ?? 0;
    return held > tokens;
  });
  return held;
}
