import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { Message, Run } from '../../src/assistants/wire.ts';
import { type Governed, billedTokens, startGoverned } from '../harness/governed.ts';
import { until } from '../harness/redis.ts';
import { get, post } from './upstreams/troubled-run.ts';

const day = 'budgets: [{ name: day, limit: { tokens: 1000000 }, window: { every: day } }]';
const weather = { type: 'function', function: { name: 'weather', parameters: {} } };

interface Client {
  readonly governed: Governed;
  /** Begins a run in a thread of its own, which says this. */
  begin(said: string, more?: object): Promise<Run>;
  /** Until it has ended; outputs are given as often as they are asked for. */
  ended(run: Run): Promise<Run>;
}

async function startClient(t: TestContext, config: string, standIn = {}): Promise<Client> {
  const governed = await startGoverned(t, { config, standIn });
  const { sidecar } = governed;
  const tools = [weather, { type: 'code_interpreter' }];
  const assistant = await post<{ id: string }>(sidecar, '/assistants', { model: 'gpt-4o', tools });
  return {
    governed,
    begin: (said, more = {}) =>
      post<Run>(sidecar, '/threads/runs', {
        assistant_id: assistant.id,
        thread: { messages: [{ role: 'user', content: said }] },
        ...more,
      }),
    async ended(begun) {
      const at = `/threads/${begun.thread_id}/runs/${begun.id}`;
      let run = begun;
      await until(async () => {
        run = await get<Run>(sidecar, at);
        const asked = run.required_action?.submit_tool_outputs.tool_calls ?? [];
        if (run.status === 'requires_action') {
          const tool_outputs = asked.map(({ id }) => ({ tool_call_id: id, output: '21' }));
          await post(sidecar, `${at}/submit_tool_outputs`, { tool_outputs });
        }
        return run.expires_at === null;
      });
      return run;
    },
  };
}

test('what runs tell of their usage is what the ledger charges and the upstream bills, to the token', async (t) => {
  const { governed, begin, ended } = await startClient(t, day, { chunkDelayMs: 2 });
  const { standIn, sidecar, settled } = governed;
  const plain = await begin('Hello [[words:20]]');
  const loop = await begin('[[tool:weather {"city":"Rome"}]] [[tool:weather {"city":"Oslo"}]]');
  const code = await begin('[[code:print(1)]] [[words:10]]');
  const cut = await begin('Hello [[words:900]]', { max_completion_tokens: 256 });
  const failing = await begin('[[fail:server_error]]');
  const cancelled = await begin('Hello [[words:900]] [[delayMs:20]]');
  const at = `/threads/${cancelled.thread_id}/runs/${cancelled.id}`;
  await until(async () => (await get<Run>(sidecar, at)).status === 'in_progress');
  await until(async () => {
    const sent = standIn.requests.find(({ json }) => JSON.stringify(json ?? '').includes('[[delayMs:20]]'));
    return (sent?.usage?.outputTokens ?? 0) > 5;
  });
  await post(sidecar, `${at}/cancel`, {});
  const runs = await Promise.all([plain, loop, code, cut, failing, cancelled].map(ended));
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['completed', 'completed', 'completed', 'incomplete', 'failed', 'cancelled'],
  );
  const told = runs.reduce((sum, { usage }) => sum + usage!.total_tokens, 0);
  assert.equal((await settled('day')).used, told);
  assert.equal(billedTokens(standIn), told);
  assert.equal(runs[3]!.usage!.completion_tokens, 256);
  const lastUsage = runs.at(-1)!.usage!;
  assert.ok(lastUsage.completion_tokens > 5 && lastUsage.completion_tokens < 900);
});

test('a run is charged to whoever created it, by its metadata, and so are its later calls', async (t) => {
  const config = `
identity: { org: acme, team: maps, app: rain, user: ["metadata.user_id", "header:x-user-id"] }
budgets: [{ name: each, per: [user], limit: { tokens: 100000 }, window: { every: day } }]`;
  const { governed, begin, ended } = await startClient(t, config);
  const { sidecar } = governed;
  const run = await ended(await begin('[[tool:weather {"city":"Rome"}]]', { metadata: { user_id: 'ada' } }));
  assert.equal(run.status, 'completed');
  await until(async () => (await sidecar.budgets()).every(({ held }) => held === 0));
  const rows = await sidecar.budgets();
  assert.deepEqual(
    rows.map(({ scope, used }) => ({ scope, used })),
    [{ scope: 'user=ada', used: run.usage!.total_tokens }],
  );
});

test('a run that its budget can not pay for fails, says why, and costs nothing', async (t) => {
  const config = 'budgets: [{ name: tiny, limit: { tokens: 20 }, window: { every: day }, onTight: deny }]';
  const { governed, begin, ended } = await startClient(t, config);
  const run = await ended(await begin('Hello [[words:100]]', { max_completion_tokens: 300 }));
  assert.equal(run.status, 'failed');
  assert.equal(run.last_error?.code, 'rate_limit_exceeded');
  assert.match(run.last_error.message, /tiny/);
  assert.deepEqual(run.usage, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
  assert.equal(billedTokens(governed.standIn), 0);
  const row = await governed.budget('tiny');
  assert.deepEqual([row?.used ?? 0, row?.held ?? 0], [0, 0]);
});

test('a run that spends its budget in the middle of a tool loop fails there, with what it has used', async (t) => {
  const config = 'budgets: [{ name: small, limit: { tokens: 400 }, window: { every: day }, onTight: deny }]';
  const { governed, begin, ended } = await startClient(t, config);
  const said = `[[tool:weather {"city":"Rome"}]] ${'word '.repeat(60)}`;
  const run = await ended(await begin(said, { max_completion_tokens: 256, tools: [weather] }));
  assert.equal(run.status, 'failed');
  assert.match(run.last_error!.message, /small/);
  assert.ok(run.usage!.total_tokens > 0);
  assert.equal((await governed.settled('small')).used, run.usage!.total_tokens);
  assert.equal(billedTokens(governed.standIn), run.usage!.total_tokens);
});

test('near its limit a budget that clamps lowers the output of a run, which is incomplete then', async (t) => {
  const config = 'budgets: [{ name: tight, limit: { tokens: 200 }, window: { every: day }, onTight: clamp }]';
  const { governed, begin, ended } = await startClient(t, config);
  const run = await ended(await begin('Hello [[words:900]]', { tools: [] }));
  assert.equal(run.status, 'incomplete', run.last_error?.message);
  assert.deepEqual(run.incomplete_details, { reason: 'max_completion_tokens' });
  const { data } = await get<{ data: Message[] }>(
    governed.sidecar,
    `/threads/${run.thread_id}/messages?run_id=${run.id}`,
  );
  assert.deepEqual(
    data.map(({ status, incomplete_details: details }) => [status, details]),
    [['incomplete', { reason: 'max_tokens' }]],
  );
  const { used } = await governed.settled('tight');
  assert.equal(used, run.usage!.total_tokens);
  assert.ok(used <= 200 && used > 150, `used ${used}`);
});

test('a limit on concurrency counts the model calls of runs, of the team and app that it names', async (t) => {
  const config = `
identity: { org: acme, team: maps, app: rain }
limits: [{ name: one-call, per: [team, app], concurrency: 1 }]`;
  const { begin, ended } = await startClient(t, config);
  const slow = await begin('Hello [[words:30]] [[delayMs:20]]');
  const second = await begin('Hello [[words:2]] [[delayMs:20]]');
  const ends = await Promise.all([ended(slow), ended(second)]);
  assert.deepEqual(ends.map(({ status }) => status).toSorted(), ['completed', 'failed']);
  const failed = ends.find(({ status }) => status === 'failed')!;
  assert.equal(failed.last_error?.code, 'rate_limit_exceeded');
  assert.match(failed.last_error.message, /one-call/);
  const after = await ended(await begin('Hello [[words:2]]'));
  assert.equal(after.status, 'completed');
});

test('the served operation and each of its model calls are measured and logged', async (t) => {
  const { governed, begin, ended } = await startClient(t, day);
  const { sidecar } = governed;
  const run = await ended(await begin('[[tool:weather {"city":"Rome"}]]'));
  await governed.settled('day');
  const lines = sidecar.logLines().filter(({ msg }) => msg === 'request');
  const ofOperation = (name: string) => lines.filter(({ operation }) => operation === name);
  assert.equal(ofOperation('threads.createAndRun').length, 1);
  assert.equal(ofOperation('threads.runs.submitToolOutputs').length, 1);
  const calls = ofOperation('responses.create');
  assert.equal(calls.length, 2);
  const logged = calls.reduce(
    (sum, line) => sum + Number(line['inputTokens']) + Number(line['outputTokens']),
    0,
  );
  assert.equal(logged, run.usage!.total_tokens);
  assert.ok(ofOperation('threads.createAndRun').every((line) => line['inputTokens'] === undefined));
  const metrics = await sidecar.metrics();
  assert.match(metrics, /operation="responses\.create"/);
  assert.match(metrics, /operation="threads\.createAndRun"/);
});
