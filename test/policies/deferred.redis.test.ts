import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { chargedRow, heldRow } from '../harness/budget-rows.ts';
import { writeConfig } from '../harness/config-file.ts';
import { assistantsHeaders, billedTokens, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { spawnSidecar } from '../harness/processes.ts';
import { startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { type StandInOptions, startStandIn } from '../stand-in/stand-in.ts';

const month = { name: 'month' };
const inBackground = {
  model: 'gpt-4o',
  input: 'Hi [[words:40]]',
  background: true,
  max_output_tokens: 200,
};

/** What an answer tells of itself. */
interface Told {
  readonly id: string;
  readonly status: string;
  readonly usage: { readonly total_tokens: number } | null;
}

test('a background response is charged once, though another sidecar polls it twice and both sweep', async (t) => {
  const { creator, other, standIn } = await startPair(t);
  const { id } = await told(postJson(`${creator.url}/responses`, inBackground));
  const { held } = await heldRow(other, month);
  assert.ok(held > 200);
  let usedTokens = 0;
  await until(async () => {
    const polls = [1, 2].map(() => told(fetch(`${other.url}/responses/${id}`)));
    const [first] = await Promise.all(polls);
    usedTokens = first!.usage?.total_tokens ?? 0;
    return first!.status === 'completed';
  });
  assert.equal((await chargedRow(creator, month)).used, usedTokens);
  assert.equal(usedTokens, billedTokens(standIn));
  // Whoever comes later finds it charged.
  await told(fetch(`${creator.url}/responses/${id}`));
  await told(fetch(`${other.url}/responses/${id}`));
  assert.equal((await chargedRow(creator, month)).used, usedTokens);
  assert.equal(await settlements([creator, other], 'settled'), 1);
});

test("another sidecar's GET settles a background response before any sweep is due", async (t) => {
  const { creator, other, redis } = await startPair(t, { workMs: 10 });
  const { id } = await told(postJson(`${creator.url}/responses`, inBackground));
  await deferredIn(redis, id);
  await until(async () => (await told(fetch(`${other.url}/responses/${id}`))).status === 'completed');
  await chargedRow(other, month);
  assert.equal(await metricSum(creator, 'assistant_proxy_holds_swept_total'), 0);
  assert.equal(await metricSum(other, 'assistant_proxy_settlements_total', { kind: 'settled' }), 1);
});

test('a cancelled background response is charged what it used until then', async (t) => {
  const { creator, other } = await startPair(t, { queuedMs: 0, workMs: 60_000 });
  const { id } = await told(postJson(`${creator.url}/responses`, inBackground));
  await until(async () => (await told(fetch(`${other.url}/responses/${id}`))).status === 'in_progress');
  const cancelled = await told(postJson(`${other.url}/responses/${id}/cancel`, {}));
  assert.equal(cancelled.status, 'cancelled');
  const { used } = await chargedRow(creator, month);
  assert.equal(used, cancelled.usage!.total_tokens);
  assert.ok(used < 40, `all of its output would have been more than ${used}`);
});

test('a background response whose stream is left goes on, and is charged all that it used', async (t) => {
  const { creator, other, standIn } = await startPair(t, { workMs: 500 });
  const leave = new AbortController();
  const answer = await postJson(
    `${creator.url}/responses`,
    { ...inBackground, stream: true },
    { signal: leave.signal },
  );
  await answer.body!.getReader().read();
  leave.abort();
  assert.equal((await chargedRow(other, month)).used, billedTokens(standIn));
  assert.equal(await settlements([creator, other], 'settled'), 1);
});

test('a run that waits for tool outputs is charged once, with all of its turns', async (t) => {
  const { creator, other } = await startPair(t, { assistants: 'live' });
  const { id: assistant_id } = await told(
    postJson(`${creator.url}/assistants`, {
      model: 'gpt-4o',
      tools: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }],
    }),
  );
  const messages = [{ role: 'user', content: 'Weather? [[tool:get_weather {"city":"Rome"}]]' }];
  const thread = await told(postJson(`${creator.url}/threads`, { messages }));
  const runs = `/threads/${thread.id}/runs`;
  const run = await told(postJson(`${creator.url}${runs}`, { assistant_id }));
  const readRun = async () =>
    (await told(
      fetch(`${other.url}${runs}/${run.id}`, { headers: assistantsHeaders }),
    )) as unknown as ToolRun;
  let waiting: ToolRun | undefined;
  await until(async () => (waiting = await readRun()).status === 'requires_action');
  assert.ok((await heldRow(creator, month)).used === 0, 'it is not over');
  const [call] = waiting!.required_action.submit_tool_outputs.tool_calls;
  const tool_outputs = [{ tool_call_id: call!.id, output: 'Sunny' }];
  await told(postJson(`${other.url}${runs}/${run.id}/submit_tool_outputs`, { tool_outputs }));
  let done: ToolRun | undefined;
  await until(async () => (done = await readRun()).status === 'completed');
  assert.equal((await chargedRow(creator, month)).used, done!.usage.total_tokens);
  await readRun();
  assert.equal(await settlements([creator, other], 'settled'), 1);
});

test('a cancelled batch is charged what it used until then', async (t) => {
  const { creator, other } = await startPair(t, { queuedMs: 0, workMs: 2000 });
  const body = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], max_completion_tokens: 20 };
  const url = '/v1/chat/completions';
  const lines = Array.from({ length: 100 }, (_, index) =>
    JSON.stringify({ custom_id: `c${index}`, method: 'POST', url, body }),
  );
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new File([lines.join('\n')], 'batch.jsonl'));
  const file = await told(fetch(`${creator.url}/files`, { method: 'POST', body: form }));
  const creation = { input_file_id: file.id, endpoint: url, completion_window: '24h' };
  const { id } = await told(postJson(`${creator.url}/batches`, creation));
  const readBatch = () => told(fetch(`${other.url}/batches/${id}`));
  await until(async () => ((await readBatch()).usage?.total_tokens ?? 0) > 0);
  await told(postJson(`${other.url}/batches/${id}/cancel`, {}));
  const { used } = await chargedRow(creator, month);
  const batch = await readBatch();
  assert.deepEqual([batch.status, used], ['cancelled', batch.usage!.total_tokens]);
  assert.equal(await settlements([creator, other], 'settled'), 1);
});

test('of work that the upstream knows nothing of any more the whole hold is charged', async (t) => {
  const { creator, standIn } = await startPair(t, { workMs: 60_000 });
  const { id } = await told(postJson(`${creator.url}/responses`, inBackground));
  const { held } = await heldRow(creator, month);
  const headers = { authorization: `Bearer ${standIn.apiKey}` };
  await fetch(`${standIn.url}/responses/${id}`, { method: 'DELETE', headers });
  assert.equal((await chargedRow(creator, month)).used, held);
});

test('a sidecar that is killed after it began a background response leaves it to others', async (t) => {
  const { config, creator, other, standIn, redis } = await startPair(t, { workMs: 500 });
  const env = { ASSISTANT_PROXY_CONFIG: writeConfig(t, config) };
  const victim = await spawnSidecar(t, standIn.url, env);
  const { id } = await told(postJson(`${victim.url}/responses`, inBackground));
  await deferredIn(redis, id);
  victim.signal('SIGKILL');
  await victim.exitCode;
  assert.equal((await chargedRow(other, month)).used, billedTokens(standIn));
  const swept = [creator, other].map((each) =>
    metricSum(each, 'assistant_proxy_holds_swept_total', { result: 'told' }),
  );
  const [one = 0, another = 0] = await Promise.all(swept);
  assert.equal(one + another, 1);
});

interface ToolRun extends Told {
  readonly required_action: { submit_tool_outputs: { tool_calls: { id: string }[] } };
  readonly usage: { readonly total_tokens: number };
}

/** Two sidecars with one budget in one Redis, before one upstream. */
const passthrough = { ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough' };

async function startPair(t: TestContext, options: StandInOptions = {}) {
  const redis = await startRedis(t);
  const standIn = await startStandIn(options);
  t.after(() => standIn.close());
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: 2000 }
budgets: [{ name: month, limit: { tokens: 10000000 }, window: { every: month } }]`;
  const start = () => startSidecar(t, { upstreamUrl: standIn.url, config, env: passthrough });
  const [creator, other] = [await start(), await start()];
  return { redis, standIn, config, creator, other };
}

async function told(answer: Promise<Response>): Promise<Told> {
  const response = await answer;
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Told;
}

/** Until the store knows the upstream's id of the work. */
function deferredIn({ client }: Awaited<ReturnType<typeof startRedis>>, id: string): Promise<void> {
  return until(async () => (await client.keys(`*:u:${id}`)).length === 1);
}

async function settlements(sidecars: readonly Sidecar[], kind: string): Promise<number> {
  const counts = sidecars.map((sidecar) => metricSum(sidecar, 'assistant_proxy_settlements_total', { kind }));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
