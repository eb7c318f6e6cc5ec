import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';

import { freeRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

const config = `
overload: { maxConcurrent: 2, maxQueued: 2, queueUpToMs: 60000 }
budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]
`;

test('the upstream has so many calls at a time, the next wait, and the rest is refused at once', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const post = () => postJson(`${sidecar.url}/chat/completions`, chat(1));
  const waiting = () => metricSum(sidecar, 'assistant_proxy_upstream_calls_waiting');
  const calls = [post(), post()];
  await upstream.arrival(2);
  calls.push(post(), post());
  await until(async () => (await waiting()) === 2);
  const refused = await post();
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'overloaded');
  assert.equal(upstream.arrivals.length, 2);
  for (let answered = 1; answered <= 4; answered += 1) (await upstream.arrival(answered)).answer();
  assert.deepEqual(
    (await Promise.all(calls)).map(({ status }) => status),
    [200, 200, 200, 200],
  );
  assert.equal((await freeRow(sidecar, { name: 'day' })).used, 4 * 30);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_upstream_calls_running'), 0);
});

test('a caller that leaves the queue makes room at once, and is charged nothing', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const post = (init: RequestInit = {}) => postJson(`${sidecar.url}/chat/completions`, chat(1), init);
  const waiting = () => metricSum(sidecar, 'assistant_proxy_upstream_calls_waiting');
  const calls = [post(), post()];
  await upstream.arrival(2);
  const leaving = new AbortController();
  const left = [post({ signal: leaving.signal }), post({ signal: leaving.signal })];
  await until(async () => (await waiting()) === 2);
  leaving.abort();
  for (const each of left) await assert.rejects(each);
  await until(async () => (await waiting()) === 0);
  for (const arrival of upstream.arrivals) arrival.answer();
  await Promise.all(calls);
  assert.equal(upstream.arrivals.length, 2);
  assert.equal((await freeRow(sidecar, { name: 'day' })).used, 2 * 30);
});

test('a call that waits too long in the queue is refused', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: 'overload: { maxConcurrent: 1, queueUpToMs: 100 }',
  });
  const running = postJson(`${sidecar.url}/chat/completions`, chat(1));
  await upstream.arrival(1);
  const late = await postJson(`${sidecar.url}/chat/completions`, chat(1));
  assert.equal(late.status, 503);
  upstream.arrivals[0]!.answer();
  assert.equal((await running).status, 200);
});

test('when the circuit opens, those that wait are told so', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config:
      'overload: { maxConcurrent: 1 }\ncircuit: { minCalls: 1, openMs: 60000 }\nretry: { maxAttempts: 1 }',
  });
  const post = () => postJson(`${sidecar.url}/chat/completions`, chat(1));
  const running = post();
  await upstream.arrival(1);
  const queued = [post(), post(), post()];
  await until(async () => (await metricSum(sidecar, 'assistant_proxy_upstream_calls_waiting')) === 3);
  upstream.arrivals[0]!.response.writeHead(500).end();
  assert.equal((await running).status, 500);
  for (const answer of await Promise.all(queued)) {
    assert.equal(((await answer.json()) as { error: { code: string } }).error.code, 'circuit_open');
  }
  assert.equal(upstream.arrivals.length, 1);
});

test('calls that a full queue turns away wait for nothing, and take nothing of what the upstream allows', async (t) => {
  const arrivals: ServerResponse[] = [];
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    arrivals.push(response);
  });
  const answer = (response: ServerResponse, remaining: number) =>
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'x-ratelimit-limit-requests': '10',
        'x-ratelimit-remaining-requests': String(remaining),
        'x-ratelimit-reset-requests': '10m',
      })
      .end('{}');
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: 'overload: { maxConcurrent: 1, maxQueued: 0 }',
  });
  const post = () => postJson(`${sidecar.url}/chat/completions`, chat(1));
  const slowed = () => metricSum(sidecar, 'assistant_proxy_upstream_pacing_seconds_total');
  const first = post();
  await until(async () => arrivals.length === 1);
  answer(arrivals[0]!, 3);
  await first;
  const running = post();
  await until(async () => arrivals.length === 2);
  const refused = await Promise.all(Array.from({ length: 20 }, post));
  assert.ok(refused.every(({ status }) => status === 503));
  answer(arrivals[1]!, 2);
  await running;
  const next = post();
  await until(async () => arrivals.length === 3);
  assert.equal(await slowed(), 0);
  answer(arrivals[2]!, 1);
  await next;
});

test('a bound on connections is a bound on calls, so that nothing waits where it can not be counted', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: 'overload: { maxQueued: 0 }',
    env: { ASSISTANT_PROXY_UPSTREAM_MAX_CONNECTIONS: '1' },
  });
  const running = postJson(`${sidecar.url}/chat/completions`, chat(1));
  await upstream.arrival(1);
  assert.equal((await postJson(`${sidecar.url}/chat/completions`, chat(1))).status, 503);
  upstream.arrivals[0]!.answer();
  await running;
});
