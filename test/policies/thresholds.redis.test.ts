import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { chargedRow } from '../harness/budget-rows.ts';
import { chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

const limitTokens = 10_000;
const usageOfOne = { prompt_tokens: 100, completion_tokens: 400, total_tokens: 500 };
const crossings = 'assistant_proxy_budget_threshold_crossings_total';
const secret = 'hook-token-0123456789';

interface Event {
  readonly event: string;
  readonly at: string;
  readonly budget: string;
  readonly percent: number;
}

test('of charges that race in two sidecars one crosses each threshold: one line, one count, one call', async (t) => {
  const events: Event[] = [];
  const hook = await startUpstream(t, async (request, response) => {
    events.push(JSON.parse(await readText(request)) as Event);
    response.end();
  });
  const redis = await startRedis(t);
  const sidecars = await startPair(t, redis.url, `${hook.url}?token=${secret}`);
  // Nineteen calls are 95 % to the token.
  const calls = Array.from({ length: 19 }, (_, index) => spend(sidecars[index % 2]!));
  await Promise.all(calls);
  const [first, second] = sidecars;
  assert.equal((await chargedRow(first!, { name: 'day' })).used, 9500);
  await until(async () => events.length === 3);
  for (const percent of [50, 80, 95]) {
    const labels = { budget: 'day', unit: 'tokens', percent: String(percent) };
    const counts = await Promise.all(sidecars.map((sidecar) => metricSum(sidecar, crossings, labels)));
    assert.equal(counts[0]! + counts[1]!, 1, `${percent} %`);
    const lines = sidecars.flatMap(thresholdLines).filter((line) => line['percent'] === percent);
    assert.equal(lines.length, 1, `${percent} %`);
    assert.deepEqual(
      [lines[0]!['level'], lines[0]!['budget'], lines[0]!['scope'], lines[0]!['limit']],
      ['warn', 'day', '', limitTokens],
    );
  }
  assert.deepEqual(
    events.map(({ percent }) => percent).toSorted((a, b) => a - b),
    [50, 80, 95],
  );
  const { at, ...told } = events.find(({ percent }) => percent === 80)!;
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
  assert.deepEqual(told, {
    event: 'budget_threshold_reached',
    org: 'default',
    budget: 'day',
    scope: '',
    unit: 'tokens',
    percent: 80,
    limit: limitTokens,
  });
  assert.ok(!JSON.stringify([first!.logLines(), second!.logLines()]).includes(secret));
});

test('one charge that crosses several thresholds tells each of them, in both units', async (t) => {
  const { sidecar, events } = await startAlone(t, 'limit: { tokens: 500, usd: 0.005 }');
  await spend(sidecar);
  // 100 tokens of input and 400 of output are $0.00425 at the built-in price of gpt-4o.
  await until(async () => events.length === 5);
  assert.deepEqual(
    events.map(({ percent }) => percent).toSorted((a, b) => a - b),
    [50, 50, 80, 80, 95],
  );
});

test('a threshold is told once in a window, and for an observing budget, too', async (t) => {
  const { sidecar, events } = await startAlone(t, 'limit: { tokens: 500 }, mode: observe');
  for (let index = 0; index < 4; index += 1) await spend(sidecar);
  await until(async () => events.length >= 3);
  assert.equal((await chargedRow(sidecar, { name: 'day' })).used, 2000);
  assert.equal(await metricSum(sidecar, crossings), 3);
});

test('a webhook that is down holds up no call, and its URL is not told', async (t) => {
  const closed = await startUpstream(t, (_request, response) => response.destroy());
  const { sidecar } = await startAlone(t, 'limit: { tokens: 600 }', `${closed.url}?token=${secret}`);
  await spend(sidecar);
  const failures = () => sidecar.logLines().filter(({ msg }) => msg === 'webhook not delivered');
  await until(async () => failures().length === 2);
  assert.equal(failures()[0]!['cause'], 'the webhook could not be reached');
  assert.equal(await metricSum(sidecar, crossings), 2);
  assert.ok(!JSON.stringify(sidecar.logLines()).includes(secret));
});

test('a webhook that refuses is called three times, and the failure told once', async (t) => {
  const { sidecar, calls } = await startRefusedHook(t);
  await spend(sidecar);
  await until(async () => sidecar.logLines().some(({ msg }) => msg === 'webhook not delivered'));
  const failures = sidecar.logLines().filter(({ msg }) => msg === 'webhook not delivered');
  assert.deepEqual(
    failures.map(({ cause }) => cause),
    ['the webhook answered 500'],
  );
  assert.equal(calls.length, 3);
});

const thresholdLines = (sidecar: Sidecar) =>
  sidecar.logLines().filter(({ msg }) => msg === 'budget threshold reached');

async function spend(sidecar: Sidecar): Promise<void> {
  const answer = await postJson(`${sidecar.url}/chat/completions`, chat(1, { max_completion_tokens: 400 }));
  assert.equal(answer.status, 200);
  await answer.text();
}

function startSpendable(t: TestContext) {
  return startUpstream(t, async (request, response) => {
    await readText(request);
    answerJson(response, { id: 'chatcmpl-1', model: 'gpt-4o', choices: [], usage: usageOfOne });
  });
}

async function startPair(t: TestContext, redisUrl: string, hookUrl: string): Promise<Sidecar[]> {
  const upstream = await startSpendable(t);
  const config = `store: { redisUrl: "${redisUrl}", timeoutMs: 2000 }
webhook: { url: "${hookUrl}" }
budgets: [{ name: day, limit: { tokens: ${limitTokens} }, window: { every: day } }]`;
  const start = () => startSidecar(t, { upstreamUrl: upstream.url, config });
  return [await start(), await start()];
}

async function startAlone(t: TestContext, budget: string, hookUrl?: string) {
  const upstream = await startSpendable(t);
  const events: Event[] = [];
  const hook = await startUpstream(t, async (request, response) => {
    events.push(JSON.parse(await readText(request)) as Event);
    response.end();
  });
  const config = `webhook: { url: "${hookUrl ?? hook.url}" }
budgets: [{ name: day, ${budget}, window: { every: day } }]`;
  return { events, sidecar: await startSidecar(t, { upstreamUrl: upstream.url, config }) };
}

async function startRefusedHook(t: TestContext) {
  const calls: string[] = [];
  const hook = await startUpstream(t, async (request, response) => {
    calls.push(await readText(request));
    response.writeHead(500).end();
  });
  const upstream = await startSpendable(t);
  const config = `webhook: { url: "${hook.url}" }
thresholdPercents: [10]
budgets: [{ name: day, limit: { tokens: 5000 }, window: { every: day } }]`;
  return { calls, sidecar: await startSidecar(t, { upstreamUrl: upstream.url, config }) };
}
