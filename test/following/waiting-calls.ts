import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { enacted } from './enacted.ts';

const few = (concurrency: number, waitUpToMs: number) =>
  `limits: [{ name: few, concurrency: ${concurrency}, waitUpToMs: ${waitUpToMs} }]`;

/** Calls wait for a place in a limit that is raised, and in one that is taken away. */
export async function goByLimitsAsTheyAreNow(t: TestContext, env: Record<string, string>): Promise<void> {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: few(1, 60_000), env });
  const replies: Promise<Response>[] = [];
  const ask = () => void replies.push(postJson(`${sidecar.url}/chat/completions`, chat(3)));
  const running = (count: number) =>
    until(async () => (await metricSum(sidecar, 'assistant_proxy_requests_in_flight')) === count);
  ask();
  await upstream.arrival(1);
  ask();
  await running(2);
  assert.equal(upstream.arrivals.length, 1);
  await enacted(sidecar, few(2, 60_000));
  await upstream.arrival(2);
  ask();
  await running(3);
  assert.equal(upstream.arrivals.length, 2);
  await enacted(sidecar, 'limits: []');
  await upstream.arrival(3);
  const answering = setInterval(() => {
    for (const { response, answer } of upstream.arrivals) if (!response.writableEnded) answer();
  }, 10);
  t.after(() => clearInterval(answering));
  const statuses = await Promise.all(replies.map(async (reply) => (await reply).status));
  assert.deepEqual(statuses, [200, 200, 200]);
  // What ended when the limit wasn't there left no place taken.
  await enacted(sidecar, few(1, 0));
  await until(async () => (await postJson(`${sidecar.url}/chat/completions`, chat(3))).status === 200);
}
