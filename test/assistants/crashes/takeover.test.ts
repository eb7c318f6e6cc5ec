import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';
import type { Message as ApiMessage } from 'openai/resources/beta/threads/messages';

import type { RunRecord } from '../../../src/assistants/store/records.ts';
import { metricSum } from '../../harness/metric-sums.ts';
import { until } from '../../harness/redis.ts';
import { upstreamKey } from '../../harness/sidecar.ts';
import type { StandIn } from '../../stand-in/stand-in.ts';
import {
  begunDocuments,
  calling,
  crashedPod,
  hasEnded,
  messageId,
  modelCalls,
  openStep,
  ownOf,
  runId,
  runOnceIt,
  stepId,
  stepPut,
  threadId,
} from './crashed-pod.ts';

test('a run that had not called its model yet is carried on from the start', async (t) => {
  const pod = await crashedPod(t);
  await pod.leave();
  const { client, sidecar } = await pod.restart();
  const run = await runOnceIt(client, hasEnded);
  assert.equal(run.status, 'completed');
  assert.equal(await metricSum(sidecar, 'assistant_proxy_runs_adopted_total'), 1);
  await until(async () => (await metricSum(sidecar, 'assistant_proxy_runs')) === 0);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_runs_ended_total', { status: 'completed' }), 1);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_run_duration_seconds_count'), 1);
  assert.deepEqual(textsOf((await ownOf(client)).messages), ['Hello']);
  assert.equal(modelCalls(pod.standIn), 1);
  await assertLeftFree(pod);
});

test('a run whose call may have been made fails, says why, and makes no other call', async (t) => {
  const pod = await crashedPod(t);
  await pod.leave(calling());
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded);
  assert.equal(run.status, 'failed');
  assert.equal(run.last_error?.code, 'server_error');
  assert.match(run.last_error?.message ?? '', /not known, so it was not made again/);
  assert.equal(modelCalls(pod.standIn), 0);
  assert.deepEqual(await ownOf(client), { messages: [], steps: [] });
  await assertLeftFree(pod);
});

test('a call that has ended meanwhile is told under the ids that callers know, and paid for once', async (t) => {
  const pod = await crashedPod(t);
  const response = await respond(pod.standIn, '[[say:Hello]]');
  await pod.leave(calling(response.id, [stepId, messageId]), begunDocuments());
  await pod.write(begunDocuments({ of: 'the application' })[1]);
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded);
  assert.equal(run.status, 'completed');
  assert.equal(run.usage?.total_tokens, response.usage?.total_tokens);
  const { messages, steps } = await ownOf(client);
  assert.deepEqual(
    messages.map(({ id, status, metadata }) => ({ id, status, metadata })),
    [{ id: messageId, status: 'completed', metadata: { of: 'the application' } }],
  );
  assert.deepEqual(textsOf(messages), ['Hello']);
  assert.deepEqual(
    steps.map(({ id, status, usage }) => ({ id, status, total: usage?.total_tokens })),
    [{ id: stepId, status: 'completed', total: response.usage?.total_tokens }],
  );
  assert.equal(modelCalls(pod.standIn), 1);
  await assertLeftFree(pod);
});

test('a message that the application deleted meanwhile stays deleted', async (t) => {
  const pod = await crashedPod(t);
  const response = await respond(pod.standIn, '[[say:Hello]]');
  const [step] = begunDocuments();
  await pod.leave(calling(response.id, [stepId, messageId]), [step]);
  const { client } = await pod.restart();
  assert.equal((await runOnceIt(client, hasEnded)).status, 'completed');
  const { messages, steps } = await ownOf(client);
  assert.deepEqual(messages, []);
  assert.deepEqual(
    steps.map(({ id, status }) => ({ id, status })),
    [{ id: stepId, status: 'completed' }],
  );
});

test('a call that still goes on is waited for', async (t) => {
  const pod = await crashedPod(t);
  const response = await respond(pod.standIn, '[[say:Hello]]', { background: true });
  await pod.leave(calling(response.id, [stepId, messageId]), begunDocuments());
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded);
  assert.equal(run.status, 'completed');
  const { messages } = await ownOf(client);
  assert.deepEqual(
    messages.map(({ id }) => id),
    [messageId],
  );
  assert.deepEqual(textsOf(messages), ['Hello']);
  assert.equal(modelCalls(pod.standIn), 1);
});

test('a call that never ends is not waited for for ever', async (t) => {
  const pod = await crashedPod(t);
  const response = await respond(pod.standIn, '[[thinkMs:60000]]', { background: true });
  await pod.leave(calling(response.id));
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded, 12_000);
  assert.equal(run.status, 'failed');
  assert.equal(run.last_error?.code, 'server_error');
});

test('a run whose time is up while its call goes on expires at once', async (t) => {
  const pod = await crashedPod(t);
  const response = await respond(pod.standIn, '[[thinkMs:60000]]', { background: true });
  await pod.leave(
    (record) => ({ ...calling(response.id, [stepId, messageId])(record), expiresAtMs: Date.now() - 1 }),
    begunDocuments(),
  );
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded, 4000);
  assert.equal(run.status, 'expired');
  await assertClosed(client, 'expired');
});

test('a call that has failed fails its run in the same words', async (t) => {
  const pod = await crashedPod(t);
  const response = await respond(pod.standIn, '[[fail:rate_limit_exceeded]]');
  await pod.leave(calling(response.id, [stepId, messageId]), begunDocuments());
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded);
  assert.equal(run.status, 'failed');
  assert.deepEqual(run.last_error, {
    code: 'rate_limit_exceeded',
    message: 'The model failed to generate a response.',
  });
  assert.equal(run.usage?.total_tokens, response.usage?.total_tokens);
  await assertClosed(client, 'failed');
});

test('what a lost call has begun ends with its run', async (t) => {
  const pod = await crashedPod(t);
  await pod.leave(calling('resp_nobody_knows', [stepId, messageId]), begunDocuments());
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded);
  assert.equal(run.status, 'failed');
  assert.equal(run.last_error?.code, 'server_error');
  await assertClosed(client, 'failed');
  assert.equal(modelCalls(pod.standIn), 0);
  await assertLeftFree(pod);
});

for (const [title, call] of [
  ['that does nothing', undefined],
  ['whose call is lost', { upstreamId: 'resp_nobody_knows', documentIds: [stepId, messageId] }],
] as const) {
  test(`a run to be cancelled ${title} is cancelled`, async (t) => {
    const pod = await crashedPod(t);
    await pod.leave((record) => cancelling(call ? { ...record, call } : record), call && begunDocuments());
    const { client } = await pod.restart();
    const run = await runOnceIt(client, hasEnded);
    assert.equal(run.status, 'cancelled');
    if (call) await assertClosed(client, 'cancelled');
    assert.equal(modelCalls(pod.standIn), 0);
    await assertLeftFree(pod);
  });
}

test('a run to be cancelled whose call has ended is cancelled, and says what it used', async (t) => {
  const pod = await crashedPod(t);
  const response = await respond(pod.standIn, '[[say:Hello]]');
  await pod.leave(
    (record) => cancelling(calling(response.id, [stepId, messageId])(record)),
    begunDocuments(),
  );
  const { client } = await pod.restart();
  const run = await runOnceIt(client, hasEnded);
  assert.equal(run.status, 'cancelled');
  assert.equal(run.usage?.total_tokens, response.usage?.total_tokens);
  await assertLeftFree(pod);
});

test('a run that waits for outputs goes on waiting, and takes them', async (t) => {
  const pod = await crashedPod(t);
  await pod.leave((record) => waiting(record), [stepPut(awaitedStep)]);
  const { client } = await pod.restart();
  await t.test('its work is due when it expires', async () => {
    await until(async () => pod.works().length === 1);
    assert.equal((await runOnceIt(client, () => true)).status, 'requires_action');
  });
  const outputs = [{ tool_call_id: 'call_1', output: '20 degrees' }];
  await client.beta.threads.runs.submitToolOutputs(runId, { thread_id: threadId, tool_outputs: outputs });
  assert.equal((await runOnceIt(client, hasEnded)).status, 'completed');
  const { steps } = await ownOf(client);
  assert.deepEqual(
    steps.map(({ id, status }) => [id === stepId, status]),
    [
      [true, 'completed'],
      [false, 'completed'],
    ],
  );
  assert.equal(modelCalls(pod.standIn), 1);
  await assertLeftFree(pod);
});

test('a run whose outputs never came expires, with the step that waited', async (t) => {
  const pod = await crashedPod(t);
  await pod.leave((record) => ({ ...waiting(record), expiresAtMs: Date.now() - 1 }), [stepPut(awaitedStep)]);
  const { client } = await pod.restart();
  assert.equal((await runOnceIt(client, hasEnded)).status, 'expired');
  const { steps } = await ownOf(client);
  assert.deepEqual(
    steps.map(({ id, status }) => ({ id, status })),
    [{ id: stepId, status: 'expired' }],
  );
  assert.equal(modelCalls(pod.standIn), 0);
  await assertLeftFree(pod);
});

test('work that there is no run for is forgotten, whatever it names', async (t) => {
  const pod = await crashedPod(t);
  await pod.leave();
  for (const id of ['run_unknown', 'lock', 'msg_0', threadId]) await pod.schedule(`${threadId}/${id}`);
  await pod.schedule('thread_unknown/run_1');
  const { client } = await pod.restart();
  assert.equal((await runOnceIt(client, hasEnded)).status, 'completed');
  await until(async () => pod.works().length === 0, 5000);
});

test('a run that has ended is left as it is', async (t) => {
  const pod = await crashedPod(t);
  await pod.leave((record) => ({
    ...record,
    run: { ...record.run, status: 'completed', completed_at: 7, expires_at: null },
  }));
  const { client } = await pod.restart();
  await until(async () => pod.works().length === 0, 5000);
  assert.equal((await runOnceIt(client, hasEnded)).completed_at, 7);
  assert.equal(modelCalls(pod.standIn), 0);
});

/** A response that the upstream keeps, as the sidecar that is gone has asked for it. */
function respond({ url }: StandIn, input: string, { background = false } = {}) {
  const upstream = new OpenAI({ baseURL: url, apiKey: upstreamKey, maxRetries: 0 });
  return upstream.responses.create({ model: 'gpt-4o', input, background });
}

function cancelling(record: RunRecord): RunRecord {
  return { ...record, run: { ...record.run, status: 'cancelling' } };
}

const getWeather = { name: 'get_weather', arguments: '{}' };
const awaitedStep = openStep({
  type: 'tool_calls',
  tool_calls: [{ id: 'call_1', type: 'function', function: { ...getWeather, output: null } }],
});

function waiting(record: RunRecord): RunRecord {
  const tool_calls = [{ id: 'call_1', type: 'function' as const, function: getWeather }];
  return {
    ...record,
    turns: [{ type: 'call', callId: 'call_1', ...getWeather }],
    awaited: { step: awaitedStep, usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
    run: {
      ...record.run,
      status: 'requires_action',
      required_action: { type: 'submit_tool_outputs', submit_tool_outputs: { tool_calls } },
    },
  };
}

function textsOf(messages: readonly ApiMessage[]): string[] {
  return messages.flatMap(({ content }) =>
    content.map((part) => (part.type === 'text' ? part.text.value : part.type)),
  );
}

async function assertClosed(client: OpenAI, how: 'failed' | 'cancelled' | 'expired'): Promise<void> {
  const { messages, steps } = await ownOf(client);
  assert.deepEqual(
    messages.map(({ id, status, incomplete_details }) => ({ id, status, incomplete_details })),
    [{ id: messageId, status: 'incomplete', incomplete_details: { reason: `run_${how}` } }],
  );
  assert.deepEqual(
    steps.map(({ id, status }) => ({ id, status })),
    [{ id: stepId, status: how }],
  );
}

async function assertLeftFree(pod: Awaited<ReturnType<typeof crashedPod>>): Promise<void> {
  assert.equal(await pod.isLocked(), false);
  await until(async () => pod.works().length === 0, 5000);
}
