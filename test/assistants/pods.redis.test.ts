import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';
import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';

import type { Lifetime } from '../harness/lifetime.ts';
import { type RunningRedis, startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts';
import { callsOf, failureOf, fast, outputsFor, weatherTool } from './compared/applications.ts';

/** Two sidecars, as two pods have them, that share nothing but a Redis. */
interface Pods {
  readonly redis: RunningRedis;
  readonly standIn: StandIn;
  readonly one: OpenAI;
  readonly other: OpenAI;
  readonly sidecars: readonly [Sidecar, Sidecar];
}

async function startPods(test: Lifetime, env: Record<string, string> = {}): Promise<Pods> {
  const redis = await startRedis(test, { aof: true });
  const standIn = await startStandIn({ apiKey: upstreamKey });
  test.after(() => standIn.close());
  const pod = () => startSidecar(test, { upstreamUrl: standIn.url, env: { REDIS_URL: redis.url, ...env } });
  const sidecars = [await pod(), await pod()] as const;
  const [one, other] = sidecars.map(
    ({ url }) => new OpenAI({ baseURL: url, apiKey: 'any', maxRetries: 0 }),
  ) as [OpenAI, OpenAI];
  return { redis, standIn, one, other, sidecars };
}

/** Says it in so many steps of so many milliseconds. */
const slowly = (words: number, delayMs = 20) => `[[words:${words}]][[delayMs:${delayMs}]]`;

async function threadWith(client: OpenAI, text: string, tools = [weatherTool]) {
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o', tools });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: text }] });
  return { assistant_id: assistant.id, threadId: thread.id };
}

/** A streamed run; `seen` grows while it goes on, and `ended` says with what. */
async function follow(client: OpenAI, threadId: string, assistant_id: string) {
  const stream = await client.beta.threads.runs.create(threadId, { assistant_id, stream: true });
  const seen: AssistantStreamEvent[] = [];
  const read = async (): Promise<unknown> => {
    try {
      for await (const event of stream) seen.push(event);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  const ended = read();
  const names = () => seen.map(({ event }) => event);
  await until(async () => names().includes('thread.message.delta'));
  const runId = (seen[0]!.data as { id: string }).id;
  return { seen, ended, names, runId };
}

function modelCalls({ requests }: StandIn) {
  return requests.filter(({ method, path }) => method === 'POST' && path === '/v1/responses');
}

test('each call of an application may reach another pod', async (t) => {
  const { one, other, standIn } = await startPods(t);
  const { assistant_id, threadId } = await threadWith(one, 'One?');
  assert.equal((await other.beta.assistants.retrieve(assistant_id)).id, assistant_id);
  await other.beta.threads.messages.create(threadId, { role: 'user', content: '[[say:Two.]]' });
  const created = await other.beta.threads.runs.create(threadId, { assistant_id });
  const run = await one.beta.threads.runs.poll(created.id, { thread_id: threadId }, fast);
  assert.equal(run.status, 'completed');
  const { names, ended } = await follow(one, threadId, assistant_id);
  await ended;
  assert.equal(names().at(-1), 'thread.run.completed');
  const seenBy = async (client: OpenAI) => ({
    messages: (await client.beta.threads.messages.list(threadId)).data,
    runs: (await client.beta.threads.runs.list(threadId)).data,
    steps: (await client.beta.threads.runs.steps.list(run.id, { thread_id: threadId })).data,
    assistants: (await client.beta.assistants.list()).data,
  });
  const seen = await seenBy(one);
  assert.deepEqual(await seenBy(other), seen);
  assert.deepEqual([seen.messages.length, seen.runs.length, seen.steps.length], [4, 2, 1]);
  assert.equal(modelCalls(standIn).length, 2);
});

test('the outputs of functions may go to another pod, which goes on with the run', async (t) => {
  const { one, other, standIn } = await startPods(t);
  const { assistant_id, threadId } = await threadWith(one, '[[tool:get_weather {"city":"Rome"}]]');
  const asking = await one.beta.threads.runs.createAndPoll(threadId, { assistant_id }, fast);
  assert.equal(asking.status, 'requires_action');
  assert.equal(callsOf(asking).length, 1);
  const stream = await other.beta.threads.runs.submitToolOutputs(asking.id, {
    thread_id: threadId,
    tool_outputs: outputsFor(asking),
    stream: true,
  });
  const names: string[] = [];
  for await (const { event } of stream) names.push(event);
  assert.deepEqual(names.slice(0, 3), [
    'thread.run.step.completed',
    'thread.run.queued',
    'thread.run.in_progress',
  ]);
  assert.equal(names.at(-1), 'thread.run.completed');
  const run = await one.beta.threads.runs.retrieve(asking.id, { thread_id: threadId });
  assert.equal(run.status, 'completed');
  assert.equal(modelCalls(standIn).length, 2);
});

test('a run that is cancelled by another pod ends within about a second, and so does its model call', async (t) => {
  const { one, other, standIn } = await startPods(t);
  const { assistant_id, threadId } = await threadWith(one, slowly(2000));
  const { names, ended, runId } = await follow(one, threadId, assistant_id);
  const cancelledAtMs = performance.now();
  const cancelling = await other.beta.threads.runs.cancel(runId, { thread_id: threadId });
  assert.equal(cancelling.status, 'cancelling');
  assert.equal(await ended, undefined);
  const tookMs = performance.now() - cancelledAtMs;
  assert.ok(tookMs < 2500, `it took ${tookMs} ms`);
  assert.deepEqual(names().slice(-4), [
    'thread.run.cancelling',
    'thread.message.incomplete',
    'thread.run.step.cancelled',
    'thread.run.cancelled',
  ]);
  assert.equal(modelCalls(standIn)[0]!.aborted, true);
  const run = await other.beta.threads.runs.retrieve(runId, { thread_id: threadId });
  assert.equal(run.status, 'cancelled');
  assert.ok(run.usage!.completion_tokens > 0, 'what it used is known');
});

test('a thread that one pod has locked is locked on the other, until its run has ended', async (t) => {
  const { one, other } = await startPods(t);
  const { assistant_id, threadId } = await threadWith(one, slowly(30));
  const { ended, runId } = await follow(one, threadId, assistant_id);
  const message = { role: 'user', content: 'And?' } as const;
  const refused = await Promise.all([
    failureOf(other.beta.threads.messages.create(threadId, message)),
    failureOf(other.beta.threads.runs.create(threadId, { assistant_id })),
  ]);
  assert.deepEqual(
    refused.map(({ status, message: text }) => [status, String(text).includes(runId)]),
    [
      [400, true],
      [400, true],
    ],
  );
  await ended;
  await other.beta.threads.messages.create(threadId, message);
  const next = await other.beta.threads.runs.createAndPoll(threadId, { assistant_id }, fast);
  assert.equal(next.status, 'completed');
});

test('a thread that another pod deletes takes its run and its model call along', async (t) => {
  const { one, other, standIn, redis } = await startPods(t, { ASSISTANT_PROXY_ASSISTANTS_LEASE_MS: '1000' });
  const { assistant_id, threadId } = await threadWith(one, slowly(2000));
  const { names, ended } = await follow(one, threadId, assistant_id);
  const deletedAtMs = performance.now();
  await other.beta.threads.delete(threadId);
  assert.notEqual(await ended, undefined, 'the stream is cut');
  const tookMs = performance.now() - deletedAtMs;
  assert.ok(tookMs < 3000, `it took ${tookMs} ms`);
  assert.equal(
    names().some((name) => /completed|failed|cancelled/.test(name)),
    false,
  );
  assert.equal(modelCalls(standIn)[0]!.aborted, true);
  for (const client of [one, other]) {
    assert.equal((await failureOf(client.beta.threads.retrieve(threadId)))['status'], 404);
  }
  assert.deepEqual(await redis.client.keys(`*${threadId}*`), []);
  await until(async () => (await redis.client.keys('*::work*')).length === 0);
});

test('what another pod changes of a run and its message in the middle of it stays', async (t) => {
  const { one, other } = await startPods(t);
  const { assistant_id, threadId } = await threadWith(one, slowly(50));
  const { ended, names, runId, seen } = await follow(one, threadId, assistant_id);
  const messageId = (seen.find(({ event }) => event === 'thread.message.created')!.data as { id: string }).id;
  const inThread = { thread_id: threadId };
  await other.beta.threads.runs.update(runId, { ...inThread, metadata: { run: 'changed' } });
  await other.beta.threads.messages.update(messageId, { ...inThread, metadata: { message: 'changed' } });
  assert.equal(names().at(-1), 'thread.message.delta', 'it still goes on');
  await ended;
  const run = await one.beta.threads.runs.retrieve(runId, inThread);
  const message = await one.beta.threads.messages.retrieve(messageId, inThread);
  assert.deepEqual([run.status, run.metadata], ['completed', { run: 'changed' }]);
  assert.deepEqual([message.status, message.metadata], ['completed', { message: 'changed' }]);
});

test('a run outlives an outage of Redis that is longer than its lease', async (t) => {
  const { one, other, standIn, redis } = await startPods(t, { ASSISTANT_PROXY_ASSISTANTS_LEASE_MS: '2000' });
  const { assistant_id, threadId } = await threadWith(one, slowly(120, 50));
  const { ended, names, runId } = await follow(one, threadId, assistant_id);
  await redis.stop();
  const askedAtMs = performance.now();
  const refused = await Promise.all([
    failureOf(other.beta.threads.retrieve(threadId)),
    failureOf(one.beta.threads.runs.create(threadId, { assistant_id })),
    failureOf(other.beta.assistants.create({ model: 'gpt-4o' })),
  ]);
  const tookMs = performance.now() - askedAtMs;
  assert.deepEqual(
    refused.map(({ status, code }) => [status, code]),
    refused.map(() => [503, 'store_unavailable']),
  );
  assert.ok(tookMs < 3000, `the refusals took ${tookMs} ms`);
  await sleep(3500);
  await redis.restart();
  assert.equal(await ended, undefined);
  assert.equal(names().at(-1), 'thread.run.completed');
  const run = await other.beta.threads.runs.retrieve(runId, { thread_id: threadId });
  assert.equal(run.status, 'completed');
  const { data } = await other.beta.threads.messages.list(threadId, { run_id: runId });
  assert.deepEqual(
    data.map(({ status, content }) => [status, content.length]),
    [['completed', 1]],
  );
  assert.equal(modelCalls(standIn).length, 1);
});

test('a pod that shuts down ends its runs first', async (t) => {
  const { one, other, standIn, sidecars } = await startPods(t);
  const { assistant_id, threadId } = await threadWith(one, slowly(40));
  const { id } = await one.beta.threads.runs.create(threadId, { assistant_id });
  await until(async () => modelCalls(standIn).length === 1);
  assert.equal(await sidecars[0].shutDown(), true);
  const run = await other.beta.threads.runs.retrieve(id, { thread_id: threadId });
  assert.equal(run.status, 'completed');
});

test('a run that the grace period is too short for is taken over at once', async (t) => {
  const env = {
    ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS: '300',
    ASSISTANT_PROXY_ASSISTANTS_LEASE_MS: '60000',
  };
  const { one, other, standIn, sidecars } = await startPods(t, env);
  const { assistant_id, threadId } = await threadWith(one, slowly(2000));
  const { id } = await one.beta.threads.runs.create(threadId, { assistant_id });
  await until(async () => modelCalls(standIn).length === 1);
  assert.equal(await sidecars[0].shutDown(), false);
  const leftAtMs = performance.now();
  const inThread = { thread_id: threadId };
  await until(async () => (await other.beta.threads.runs.retrieve(id, inThread)).status !== 'in_progress');
  const tookMs = performance.now() - leftAtMs;
  assert.ok(tookMs < 3000, `it took ${tookMs} ms`);
  const run = await other.beta.threads.runs.retrieve(id, inThread);
  assert.deepEqual([run.status, run.last_error?.code], ['failed', 'server_error']);
  assert.match(run.last_error!.message, /sidecar .* ended in the middle of a model call/);
  assert.equal(modelCalls(standIn).length, 1);
  await other.beta.threads.messages.create(threadId, { role: 'user', content: 'Again.' });
});

test('a stream that still flows when its pod shuts down flows to its end', async (t) => {
  const { one, other, sidecars, standIn } = await startPods(t);
  const { assistant_id, threadId } = await threadWith(one, slowly(40));
  const { ended, names } = await follow(one, threadId, assistant_id);
  const stopped = sidecars[0].shutDown();
  assert.equal(await ended, undefined);
  assert.equal(names().at(-1), 'thread.run.completed');
  assert.equal(await stopped, true);
  assert.equal((await other.beta.threads.runs.list(threadId)).data[0]!.status, 'completed');
  assert.equal(modelCalls(standIn).length, 1);
});

test('a stream that the grace period is too short for breaks off, and its run is taken over, not cancelled', async (t) => {
  const { one, other, sidecars } = await startPods(t, { ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS: '300' });
  const { assistant_id, threadId } = await threadWith(one, slowly(2000));
  const { ended, runId } = await follow(one, threadId, assistant_id);
  assert.equal(await sidecars[0].shutDown(), false);
  assert.ok((await ended) instanceof Error);
  const inThread = { thread_id: threadId };
  await until(async () => (await other.beta.threads.runs.retrieve(runId, inThread)).status !== 'in_progress');
  assert.equal((await other.beta.threads.runs.retrieve(runId, inThread)).status, 'failed');
});
