import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chargedRow, freeRow, heldRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { billedTokens, chat, postJson, startGoverned } from '../harness/governed.ts';
import { untilInFlight } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';

const daily = 'budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]';
const day = { name: 'day' };

test('a stream of a response that its caller leaves is charged exactly what the upstream billed', async (t) => {
  const { post, standIn, settled } = await startGoverned(t, {
    config: daily,
    standIn: { chunkDelayMs: 10 },
  });
  for (let round = 1; round <= 5; round += 1) {
    const leave = new AbortController();
    const body = { model: 'gpt-4o', input: 'Hi [[words:500]]', stream: true, max_output_tokens: 1000 };
    const answer = await post('/responses', body, { signal: leave.signal });
    await answer.body!.getReader().read();
    const { usage } = standIn.requests.findLast(({ path }) => path === '/v1/responses')!;
    await until(async () => usage!.outputTokens > 5 * round);
    leave.abort();
    assert.equal((await settled('day')).used, billedTokens(standIn), `round ${round}`);
  }
  assert.ok(billedTokens(standIn) < 2500, 'they did not run to their ends');
});

test('a JSON call that its caller leaves is charged its whole hold: nobody knows what it used', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: daily });
  const leave = new AbortController();
  const call = postJson(`${sidecar.url}/chat/completions`, chat(1), { signal: leave.signal });
  await upstream.arrival(1);
  const { held } = await heldRow(sidecar, day);
  leave.abort();
  await assert.rejects(call);
  assert.equal((await chargedRow(sidecar, day)).used, held);
});

test('a call that its caller leaves while it waits for its turn costs nothing', async (t) => {
  const upstream = await startGatedUpstream(t);
  const config = `limits: [{ name: one, concurrency: 1, waitUpToMs: 60000 }]\n${daily}`;
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const url = `${sidecar.url}/chat/completions`;
  const running = postJson(url, chat(1));
  await upstream.arrival(1);
  const leave = new AbortController();
  const waiting = postJson(url, chat(1), { signal: leave.signal });
  await untilInFlight(sidecar, 2);
  leave.abort();
  await assert.rejects(waiting);
  await untilInFlight(sidecar, 1);
  upstream.arrivals[0]!.answer();
  await running;
  assert.equal((await chargedRow(sidecar, day)).used, 30);
  assert.equal(upstream.arrivals.length, 1);
});

test('a stream that the upstream breaks off is charged no less than it showed, and no more than its hold', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: daily });
  const answer = postJson(`${sidecar.url}/chat/completions`, chat(1, { stream: true }));
  const { response } = await upstream.arrival(1);
  const { held } = await heldRow(sidecar, day);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let index = 0; index < 20; index += 1) {
    response.write('data: {"choices":[{"index":0,"delta":{"content":" word"}}]}\n\n');
  }
  const reader = (await answer).body!.getReader();
  await reader.read();
  response.destroy();
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
  const { used } = await chargedRow(sidecar, day);
  assert.ok(used >= 20 && used <= held, `charged ${used} of ${held}`);
});

test('a model that may think unseen is charged its whole hold when its stream is cut', async (t) => {
  const { post, sidecar, settled } = await startGoverned(t, {
    config: daily,
    standIn: { chunkDelayMs: 10 },
  });
  const leave = new AbortController();
  const body = chat(200, { model: 'gpt-5', stream: true, max_completion_tokens: 2000 });
  const answer = await post('/chat/completions', body, { signal: leave.signal });
  await answer.body!.getReader().read();
  const { held } = await heldRow(sidecar, day);
  leave.abort();
  assert.equal((await settled('day')).used, held);
  assert.ok(held > 2000);
  await freeRow(sidecar, day);
});
