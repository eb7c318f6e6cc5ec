import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { DateTime } from 'luxon';

import { chargedRow, freeRow, heldRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson } from '../harness/governed.ts';
import { startRedis } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Twenty tokens of output for a prompt of ten, as the upstream tells it. */
const billed = 30;
/** Its hold fits into a limit of 150 tokens, and not beside what it is charged. */
const call = chat(1, { max_completion_tokens: 110 });

test('the window that a stream was admitted in pays for it, though it ends after midnight in its zone', async (t) => {
  const { redis, sidecar, upstream, storeNowMs } = await startWindowed(
    t,
    'limit: { tokens: 100000 }, window: { every: day, timezone: Asia/Kathmandu }',
  );
  await redis.advance(untilMidnightMs(await storeNowMs(), 'Asia/Kathmandu') - minuteMs);
  const answer = postJson(`${sidecar.url}/chat/completions`, { ...call, stream: true });
  const { response } = await upstream.arrival(1);
  const before = await heldRow(sidecar, { name: 'budget' });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('data: {"choices":[{"index":0,"delta":{"content":"late"}}]}\n\n');
  await redis.advance(2 * minuteMs);
  response.end(
    'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":20}}\n\ndata: [DONE]\n\n',
  );
  await (await answer).text();

  const next = postJson(`${sidecar.url}/chat/completions`, call);
  (await upstream.arrival(2)).answer();
  await next;
  const after = await chargedRow(sidecar, { name: 'budget' });
  assert.equal(after.used, billed, 'the new day pays for its own call alone');
  assert.equal(after.windowStart, before.windowEnd);
  assert.match(after.windowStart, /T18:15:00\.000Z$/, 'midnight in Kathmandu');
  // Yesterday is not told any more, so the clock goes back to look at it.
  await redis.advance(-2 * minuteMs);
  const yesterday = await freeRow(sidecar, { name: 'budget', windowStart: before.windowStart });
  assert.equal(yesterday.used, billed);
});

test('a calendar budget that is used up is whole again when its window ends', async (t) => {
  const { redis, sidecar, upstream, storeNowMs } = await startWindowed(
    t,
    'limit: { tokens: 150 }, window: { every: day, timezone: America/New_York }, onTight: deny',
  );
  const midnightMs = untilMidnightMs(await storeNowMs(), 'America/New_York');
  await redis.advance(midnightMs - 10 * minuteMs);
  const first = postJson(`${sidecar.url}/chat/completions`, call);
  (await upstream.arrival(1)).answer();
  await first;
  const { windowEnd } = await chargedRow(sidecar, { name: 'budget' });
  const refused = await postJson(`${sidecar.url}/chat/completions`, call);
  assert.equal(refused.status, 429);
  const { error } = (await refused.json()) as { error: { message: string } };
  assert.ok(error.message.endsWith(`It resets at ${windowEnd}.`), error.message);
  await redis.advance(8 * minuteMs);
  assert.equal((await postJson(`${sidecar.url}/chat/completions`, call)).status, 429);
  await redis.advance(3 * minuteMs);
  const second = postJson(`${sidecar.url}/chat/completions`, call);
  (await upstream.arrival(2)).answer();
  assert.equal((await second).status, 200);
});

test('a rolling budget gives back what was used when its length has passed, and not before', async (t) => {
  const { redis, sidecar, upstream } = await startWindowed(
    t,
    'limit: { tokens: 150 }, window: { rolling: 1h }, onTight: deny',
  );
  const first = postJson(`${sidecar.url}/chat/completions`, call);
  (await upstream.arrival(1)).answer();
  await first;
  assert.equal((await chargedRow(sidecar, { name: 'budget' })).used, billed);
  await redis.advance(hourMs - minuteMs);
  const refused = await postJson(`${sidecar.url}/chat/completions`, call);
  assert.equal(refused.status, 429);
  const { error } = (await refused.json()) as { error: { message: string } };
  assert.match(error.message, /It frees up step by step\.$/);
  // It rolls in steps of a sixtieth.
  await redis.advance(2 * minuteMs);
  const second = postJson(`${sidecar.url}/chat/completions`, call);
  (await upstream.arrival(2)).answer();
  assert.equal((await second).status, 200);
});

test("the store's clock decides, however far off the pod's is", async (t) => {
  const { redis, sidecar, upstream, storeNowMs } = await startWindowed(
    t,
    'limit: { tokens: 100000 }, window: { every: hour }',
  );
  await redis.advance(1000 * hourMs);
  const answer = postJson(`${sidecar.url}/chat/completions`, call);
  (await upstream.arrival(1)).answer();
  await answer;
  const { windowStart, windowEnd } = await chargedRow(sidecar, { name: 'budget' });
  const nowMs = await storeNowMs();
  assert.ok(Date.parse(windowStart) <= nowMs && nowMs < Date.parse(windowEnd));
});

/** A sidecar with one budget in a Redis whose clock the test moves. Leases last, so that no hold is swept. */
async function startWindowed(t: TestContext, budget: string) {
  const redis = await startRedis(t, { fakeTime: true });
  const upstream = await startGatedUpstream(t);
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: 2000, leaseMs: 86400000 }
budgets: [{ name: budget, ${budget} }]`;
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  return {
    redis,
    upstream,
    sidecar,
    async storeNowMs() {
      const [seconds] = await redis.client.time();
      return Number(seconds) * 1000;
    },
  };
}

function untilMidnightMs(nowMs: number, zone: string): number {
  return DateTime.fromMillis(nowMs, { zone }).plus({ days: 1 }).startOf('day').toMillis() - nowMs;
}
