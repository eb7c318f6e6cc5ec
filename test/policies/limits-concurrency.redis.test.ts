import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type Arrival, startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson } from '../harness/governed.ts';
import { untilInFlight } from '../harness/metric-sums.ts';
import { startRedis, until } from '../harness/redis.ts';
import { sentOnce } from '../harness/sent-once.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';

const twoAtATime = 'limits: [{ name: two, concurrency: 2, waitUpToMs: 60000 }]';

test('so many calls are upstream at one time, and the others follow in order as places become free', async (t) => {
  const { sidecar, upstream, call } = await startLimited(t, twoAtATime);
  const calls = await inOrder(sidecar, 6, call);
  assert.equal(upstream.arrivals.length, 2);
  for (let answered = 0; answered < 6; answered += 1) {
    upstream.arrivals[answered]!.answer();
    if (answered < 4) await upstream.arrival(answered + 3);
    assert.ok(upstream.arrivals.length - answered - 1 <= 2);
  }
  for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200);
  assert.deepEqual(upstream.arrivals.map(seedOf), [0, 1, 2, 3, 4, 5]);
});

test('a stream keeps its place until its last byte', async (t) => {
  const { sidecar, upstream, call } = await startLimited(t, 'limits: [{ name: one, concurrency: 1 }]');
  const first = await openStream(upstream, call);
  assert.equal((await call(1)).status, 429);
  first.response.end('data: [DONE]\n\n');
  await first.text;
  await untilFree(sidecar, upstream, call);
});

test('a call that waits in vain is refused after the time that it may wait', async (t) => {
  const { call, upstream } = await startLimited(
    t,
    'limits: [{ name: one, concurrency: 1, waitUpToMs: 300 }]',
  );
  const first = call(0);
  const { answer } = await upstream.arrival(1);
  const askedAtMs = performance.now();
  const refused = await call(1);
  assert.ok(performance.now() - askedAtMs >= 300);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after-ms'), '1000');
  const { error } = (await refused.json()) as { error: { message: string } };
  assert.match(error.message, /^Limit one \(1 at a time\) is reached, and none ended in time/);
  answer();
  assert.equal((await first).status, 200);
  assert.equal(upstream.arrivals.length, 1);
});

test('a caller that leaves the queue leaves its place to those behind it', async (t) => {
  const config = 'limits: [{ name: one, concurrency: 1, waitUpToMs: 60000 }]';
  const { sidecar, upstream, call } = await startLimited(t, config);
  const leave = new AbortController();
  const [first, left, last] = await inOrder(sidecar, 3, (seed) =>
    call(seed, seed === 1 ? leave.signal : undefined),
  );
  leave.abort();
  await assert.rejects(left!);
  await untilInFlight(sidecar, 2);
  upstream.arrivals[0]!.answer();
  const arrival = await upstream.arrival(2);
  assert.equal(seedOf(arrival), 2);
  arrival.answer();
  assert.deepEqual([(await first!).status, (await last!).status], [200, 200]);
  assert.equal(upstream.arrivals.length, 2);
});

for (const [how, end] of [
  ['is refused upstream', async ({ response }: Arrival) => void response.writeHead(500).end('{}')],
  ['breaks off upstream', async ({ response }: Arrival) => void response.destroy()],
  ['is left by its caller', async (_arrival: Arrival, leave: AbortController) => leave.abort()],
] as const) {
  test(`a call that ${how} gives its place back`, async (t) => {
    const { sidecar, upstream, call } = await startLimited(t, 'limits: [{ name: one, concurrency: 1 }]');
    const leave = new AbortController();
    const first = call(0, leave.signal).catch((error: Error) => error);
    const arrival = await upstream.arrival(1);
    assert.equal((await call(1)).status, 429);
    await end(arrival, leave);
    await first;
    await untilFree(sidecar, upstream, call);
  });
}

test('a stream that its caller leaves gives its place back', async (t) => {
  const { sidecar, upstream, call } = await startLimited(t, 'limits: [{ name: one, concurrency: 1 }]');
  const leave = new AbortController();
  const { text } = await openStream(upstream, (seed) => call(seed, leave.signal));
  leave.abort();
  await assert.rejects(text);
  await untilFree(sidecar, upstream, call);
});

test('two sidecars share places and their queue through Redis', async (t) => {
  const redis = await startRedis(t);
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: 2000 }\n${twoAtATime}`;
  const { sidecar, upstream } = await startLimited(t, config);
  const other = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const both = [sidecar, other] as const;
  const calls: Promise<Response>[] = [];
  for (let index = 0; index < 6; index += 1) {
    calls.push(postJson(`${both[index % 2]!.url}/chat/completions`, chat(1, { seed: index })));
    await untilPlaced(redis.client, index + 1);
  }
  assert.equal(upstream.arrivals.length, 2);
  for (let answered = 0; answered < 6; answered += 1) {
    upstream.arrivals[answered]!.answer();
    if (answered < 4) await upstream.arrival(answered + 3);
    assert.ok(upstream.arrivals.length - answered - 1 <= 2);
  }
  for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200);
  assert.deepEqual(upstream.arrivals.map(seedOf), [0, 1, 2, 3, 4, 5]);
});

type Call = (seed: number, signal?: AbortSignal) => Promise<Response>;
type Gated = Awaited<ReturnType<typeof startGatedUpstream>>;

async function startLimited(t: TestContext, config: string) {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config, env: sentOnce });
  const call: Call = (seed, signal) =>
    postJson(`${sidecar.url}/chat/completions`, chat(1, { seed }), signal ? { signal } : {});
  return { sidecar, upstream, call };
}

/** Starts calls one after another, each when the sidecar has the one before. */
async function inOrder(sidecar: Sidecar, count: number, call: Call): Promise<Promise<Response>[]> {
  const calls: Promise<Response>[] = [];
  for (let seed = 0; seed < count; seed += 1) {
    calls.push(call(seed));
    await untilInFlight(sidecar, seed + 1);
  }
  return calls;
}

/** Until so many calls run or have a place in the queue, as Redis knows it. */
function untilPlaced(redis: Awaited<ReturnType<typeof startRedis>>['client'], count: number): Promise<void> {
  return until(async () => {
    const keys = (await redis.keys('*')).filter((key) => /:[cq]:two:$/.test(key));
    const sizes = await Promise.all(keys.map((key) => redis.zcard(key)));
    return sizes.reduce((sum, size) => sum + size, 0) === count;
  });
}

async function openStream(upstream: Gated, call: Call) {
  const answer = call(0);
  const { response } = await upstream.arrival(1);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n');
  return { response, text: (await answer).text() };
}

/** A place is given back a moment after a call has ended: until then the next one is refused. */
async function untilFree(sidecar: Sidecar, upstream: Gated, call: Call): Promise<void> {
  const seen = upstream.arrivals.length;
  let next: Promise<Response> | undefined;
  await until(async () => {
    const answer = call(9);
    await Promise.race([answer, upstream.arrival(seen + 1)]);
    if (upstream.arrivals.length === seen) return false;
    next = answer;
    return true;
  });
  upstream.arrivals[seen]!.answer();
  assert.equal((await next!).status, 200);
  await untilInFlight(sidecar, 0);
}

function seedOf({ text }: Arrival): number {
  return (JSON.parse(text) as { seed: number }).seed;
}
