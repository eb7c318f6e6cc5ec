import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { BadRequestError, NotFoundError, toFile } from 'openai';
import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';

import type { StandInOptions } from '../stand-in.ts';
import { stoppedClock, withStandIn } from '../with-stand-in.ts';

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

async function withAssistant(t: TestContext, options: StandInOptions = {}) {
  const { standIn, client } = await withStandIn(t, { assistants: 'live', ...options });
  const assistant = await client.beta.assistants.create({
    model: 'gpt-4o',
    instructions: 'Be brief.',
    tools: [WEATHER, { type: 'file_search' }, { type: 'code_interpreter' }],
  });
  const threadSaying = (content: string) =>
    client.beta.threads.create({ messages: [{ role: 'user', content }] });
  return { standIn, client, assistant, threadSaying, runs: client.beta.threads.runs };
}

test('the retired Assistants API answers 404', async (t) => {
  const { client } = await withStandIn(t);
  await assert.rejects(client.beta.threads.create(), NotFoundError);
  await assert.rejects(client.beta.assistants.list(), NotFoundError);
});

test('a polled run completes with the assistant’s message and its usage', async (t) => {
  const { client, assistant, threadSaying, runs } = await withAssistant(t);
  const thread = await threadSaying('Hello');
  const created = await runs.create(thread.id, { assistant_id: assistant.id });
  assert.equal(created.status, 'queued');
  assert.equal(created.usage, null);
  const run = await runs.poll(created.id, { thread_id: thread.id });
  assert.equal(run.status, 'completed');
  assert.ok(run.usage && run.usage.completion_tokens > 0);
  const { data: messages } = await client.beta.threads.messages.list(thread.id);
  assert.deepEqual(
    messages.map((message) => message.role),
    ['assistant', 'user'],
  );
  const [part] = messages[0]?.content ?? [];
  assert.match(part?.type === 'text' ? part.text.value : '', /You said: "Hello"\. I was told: "Be brief\."/);
  const { data: steps } = await runs.steps.list(run.id, { thread_id: thread.id });
  assert.deepEqual(steps[0]?.usage, run.usage);
});

test('a streamed run tells its events in the documented order, with usage null until its end', async (t) => {
  const { assistant, threadSaying, runs } = await withAssistant(t);
  const thread = await threadSaying('Hello');
  const events: AssistantStreamEvent[] = [];
  const stream = runs.stream(thread.id, { assistant_id: assistant.id });
  // Copies, because the helper adds the deltas up in the objects of the first of them.
  stream.on('event', (event) => void events.push(structuredClone(event)));
  const final = await stream.finalRun();
  assert.equal(final.status, 'completed');
  const names = events.map(({ event }) => event);
  assert.deepEqual(
    names.filter((name, index) => name !== names[index - 1]),
    [
      'thread.run.created',
      'thread.run.queued',
      'thread.run.in_progress',
      'thread.run.step.created',
      'thread.run.step.in_progress',
      'thread.message.created',
      'thread.message.in_progress',
      'thread.message.delta',
      'thread.message.completed',
      'thread.run.step.completed',
      'thread.run.completed',
    ],
  );
  for (const { event, data } of events) {
    if ('usage' in data) assert.equal(data.usage !== null, event.endsWith('.completed'), event);
  }
  const [message] = await stream.finalMessages();
  const said = events.flatMap(({ data }) =>
    'delta' in data && 'content' in data.delta ? (data.delta.content ?? []) : [],
  );
  const [part] = message?.content ?? [];
  assert.equal(
    said.map((piece) => (piece.type === 'text' ? piece.text?.value : '')).join(''),
    part?.type === 'text' ? part.text.value : undefined,
  );
});

test('a run waits for its functions and goes on with their outputs', async (t) => {
  const { assistant, threadSaying, runs } = await withAssistant(t);
  const thread = await threadSaying(
    'Weather? [[tool:get_weather {"city":"Rome"}]] [[tool:get_weather {"city":"Oslo"}]]',
  );
  const waiting = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(waiting.status, 'requires_action');
  assert.equal(waiting.usage, null);
  const calls = waiting.required_action?.submit_tool_outputs.tool_calls ?? [];
  assert.deepEqual(
    calls.map((call) => call.function.arguments),
    ['{"city":"Rome"}', '{"city":"Oslo"}'],
  );
  const outputs = calls.map((call, index) => ({ tool_call_id: call.id, output: `${index + 10} degrees` }));
  await assert.rejects(
    runs.submitToolOutputs(waiting.id, { thread_id: thread.id, tool_outputs: outputs.slice(1) }),
    BadRequestError,
  );
  const stream = runs.submitToolOutputsStream(waiting.id, { thread_id: thread.id, tool_outputs: outputs });
  const final = await stream.finalRun();
  assert.equal(final.status, 'completed');
  const [part] = (await stream.finalMessages())[0]?.content ?? [];
  assert.match(part?.type === 'text' ? part.text.value : '', /10 degrees; 11 degrees/);
  const { data: steps } = await runs.steps.list(final.id, { thread_id: thread.id, order: 'asc' });
  assert.deepEqual(
    steps.map((step) => [step.type, step.status]),
    [
      ['tool_calls', 'completed'],
      ['message_creation', 'completed'],
    ],
  );
  const total = steps.reduce((sum, step) => sum + (step.usage?.total_tokens ?? 0), 0);
  assert.equal(final.usage?.total_tokens, total);
});

test('an active run locks its thread', async (t) => {
  const { client, assistant, threadSaying, runs } = await withAssistant(t, { workMs: 5000 });
  const thread = await threadSaying('Hello');
  await runs.create(thread.id, { assistant_id: assistant.id });
  await assert.rejects(runs.create(thread.id, { assistant_id: assistant.id }), /already has an active run/);
  await assert.rejects(
    client.beta.threads.messages.create(thread.id, { role: 'user', content: 'More' }),
    /while a run/,
  );
});

test('cancelling goes through cancelling, ends the stream, and bills what was used', async (t) => {
  const { standIn, assistant, threadSaying, runs } = await withAssistant(t, { workMs: 2000, queuedMs: 30 });
  const thread = await threadSaying('Hello [[words:200]]');
  const events: AssistantStreamEvent[] = [];
  const stream = runs.stream(thread.id, { assistant_id: assistant.id });
  stream.on('event', (event) => {
    events.push(event);
    if (events.length !== 40) return;
    const runId = stream.currentRun()?.id ?? '';
    void runs.cancel(runId, { thread_id: thread.id }).then((run) => assert.equal(run.status, 'cancelling'));
  });
  const final = await stream.finalRun();
  assert.equal(final.status, 'cancelled');
  const used = final.usage?.completion_tokens ?? 0;
  assert.ok(used > 10 && used < 200, `used ${used}`);
  assert.deepEqual(
    events.slice(-4).map(({ event }) => event),
    [
      'thread.run.cancelling',
      'thread.message.incomplete',
      'thread.run.step.cancelled',
      'thread.run.cancelled',
    ],
  );
  assert.equal(standIn.requests.filter(({ path }) => path.endsWith('/cancel')).length, 1);
});

test('a run that waits too long for its functions expires', async (t) => {
  const clock = stoppedClock();
  const { assistant, threadSaying, runs } = await withAssistant(t, { now: clock.now });
  const thread = await threadSaying('Weather? [[tool:get_weather]]');
  const { id } = await runs.create(thread.id, { assistant_id: assistant.id });
  const status = async () => (await runs.retrieve(id, { thread_id: thread.id })).status;
  clock.advance(1000);
  assert.equal(await status(), 'requires_action');
  clock.advance(598_000);
  assert.equal(await status(), 'requires_action');
  clock.advance(1000);
  assert.equal(await status(), 'expired');
  const { usage } = await runs.retrieve(id, { thread_id: thread.id });
  assert.ok(usage && usage.completion_tokens > 0);
});

test('max_completion_tokens holds over the whole run', async (t) => {
  const { assistant, threadSaying, runs } = await withAssistant(t);
  const thread = await threadSaying('Hello [[words:400]]');
  const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id, max_completion_tokens: 256 });
  assert.equal(run.status, 'incomplete');
  assert.equal(run.incomplete_details?.reason, 'max_completion_tokens');
  assert.equal(run.usage?.completion_tokens, 256);
});

test('a prompt that cannot be cut to max_prompt_tokens ends as incomplete', async (t) => {
  const { assistant, threadSaying, runs } = await withAssistant(t);
  const thread = await threadSaying('word '.repeat(600));
  const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id, max_prompt_tokens: 256 });
  assert.equal(run.status, 'incomplete');
  assert.equal(run.incomplete_details?.reason, 'max_prompt_tokens');
});

test('a run can fail', async (t) => {
  const { assistant, threadSaying, runs } = await withAssistant(t);
  const thread = await threadSaying('Hello [[fail:rate_limit_exceeded]]');
  const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(run.status, 'failed');
  assert.equal(run.last_error?.code, 'rate_limit_exceeded');
});

test('file_search and code_interpreter take a step of their own', async (t) => {
  const { client, assistant, runs } = await withAssistant(t);
  const file = await client.files.create({
    file: await toFile(Buffer.from('Dragons sleep in caves.'), 'dragons.txt'),
    purpose: 'assistants',
  });
  const thread = await client.beta.threads.create({
    messages: [{ role: 'user', content: 'Where? [[search:dragons]] [[code:print(1)]]' }],
    tool_resources: { file_search: { vector_stores: [{ file_ids: [file.id] }] } },
  });
  const stream = runs.stream(thread.id, { assistant_id: assistant.id });
  const run = await stream.finalRun();
  const [toolStep, messageStep] = await stream.finalRunSteps();
  assert.equal(messageStep?.type, 'message_creation');
  const details = toolStep?.step_details;
  assert.deepEqual(details?.type === 'tool_calls' && details.tool_calls.map((call) => call.type), [
    'file_search',
    'code_interpreter',
  ]);
  const steps = [toolStep, messageStep];
  assert.equal(
    run.usage?.total_tokens,
    steps.reduce((sum, step) => sum + (step?.usage?.total_tokens ?? 0), 0),
  );
  const [part] = (await stream.finalMessages())[0]?.content ?? [];
  assert.ok(part?.type === 'text');
  assert.match(part.text.value, /Dragons sleep in caves/);
  const [citation] = part.text.annotations;
  assert.equal(citation?.type === 'file_citation' && citation.file_citation.file_id, file.id);
});

test('a thread and its run can be created in one stream', async (t) => {
  const { client, assistant } = await withAssistant(t);
  const stream = client.beta.threads.createAndRunStream({
    assistant_id: assistant.id,
    thread: { messages: [{ role: 'user', content: 'Hello' }] },
  });
  const names: string[] = [];
  stream.on('event', ({ event }) => void names.push(event));
  assert.equal((await stream.finalRun()).status, 'completed');
  assert.deepEqual(names.slice(0, 2), ['thread.created', 'thread.run.created']);
});

test('objects can be listed, changed and deleted', async (t) => {
  const { client, assistant, threadSaying, runs } = await withAssistant(t);
  const { beta } = client;
  assert.equal((await beta.assistants.retrieve(assistant.id)).id, assistant.id);
  assert.equal((await beta.assistants.update(assistant.id, { name: 'Bo' })).name, 'Bo');
  assert.equal((await beta.assistants.list()).data.length, 1);
  const thread = await threadSaying('Hello');
  const metadata = { user: 'u1' };
  assert.deepEqual((await beta.threads.update(thread.id, { metadata })).metadata, metadata);
  assert.deepEqual((await beta.threads.retrieve(thread.id)).metadata, metadata);
  const message = await beta.threads.messages.create(thread.id, { role: 'user', content: 'Two' });
  const inThread = { thread_id: thread.id };
  assert.equal((await beta.threads.messages.retrieve(message.id, inThread)).id, message.id);
  const changed = await beta.threads.messages.update(message.id, { ...inThread, metadata });
  assert.deepEqual(changed.metadata, metadata);
  assert.equal((await beta.threads.messages.delete(message.id, inThread)).deleted, true);

  const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.deepEqual((await runs.update(run.id, { ...inThread, metadata })).metadata, metadata);
  assert.equal((await runs.list(thread.id)).data[0]?.id, run.id);
  const [step] = (await runs.steps.list(run.id, inThread)).data;
  assert.ok(step);
  const same = await runs.steps.retrieve(step.id, { ...inThread, run_id: run.id });
  assert.equal(same.status, 'completed');
  assert.equal((await beta.threads.delete(thread.id)).deleted, true);
  await assert.rejects(beta.threads.retrieve(thread.id), NotFoundError);
  assert.equal((await beta.assistants.delete(assistant.id)).deleted, true);
});

test('the beta header is asked for', async (t) => {
  const { standIn } = await withAssistant(t);
  const answer = await fetch(`${standIn.url}/assistants`, {
    headers: { authorization: `Bearer ${standIn.apiKey}` },
  });
  assert.equal(answer.status, 400);
  assert.equal(JSON.parse(await answer.text()).error.code, 'invalid_beta');
});
