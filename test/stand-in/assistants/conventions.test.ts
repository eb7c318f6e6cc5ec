import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type OpenAI from 'openai';
import { toFile } from 'openai';
import type { AssistantCreateParams, AssistantStreamEvent } from 'openai/resources/beta/assistants';

import { withStandIn } from '../with-stand-in.ts';

// What the README beside this file settles, and a comparison with the stand-in could not find wrong.

const content = 'step_details.tool_calls[*].file_search.results[*].content' as const;

async function ask(t: TestContext, said: string, params: Partial<AssistantCreateParams>) {
  const { client } = await withStandIn(t, { assistants: 'live' });
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o', ...params });
  const file = await client.files.create({
    file: await toFile(Buffer.from('Dragons sleep in caves. 👍'), 'lore.txt'),
    purpose: 'assistants',
  });
  const thread = await client.beta.threads.create({
    messages: [
      { role: 'user', content: said, attachments: [{ file_id: file.id, tools: [{ type: 'file_search' }] }] },
    ],
  });
  const stream = await client.beta.threads.runs.create(thread.id, {
    assistant_id: assistant.id,
    stream: true,
  });
  const events: AssistantStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return { client, thread, file, events };
}

test('a citation replaces nothing but its marker, which ends the text and comes in one delta', async (t) => {
  const { client, thread, file, events } = await ask(t, '[[search:dragons]]', {
    tools: [{ type: 'file_search' }],
  });
  const [message] = (await client.beta.threads.messages.list(thread.id)).data;
  const [part] = message?.content ?? [];
  assert.ok(part?.type === 'text');
  const { value, annotations } = part.text;
  const marker = '【0:0†source】';
  const annotation = {
    type: 'file_citation',
    text: marker,
    start_index: value.length - marker.length,
    end_index: value.length,
    file_citation: { file_id: file.id },
  };
  assert.deepEqual(annotations, [annotation]);
  assert.equal(value.slice(annotation.start_index, annotation.end_index), marker);
  const deltas = events.filter(({ event }) => event === 'thread.message.delta');
  assert.deepEqual(deltas.at(-1)?.data, {
    id: message?.id,
    object: 'thread.message.delta',
    delta: {
      content: [
        { index: 0, type: 'text', text: { value: marker, annotations: [{ index: 0, ...annotation }] } },
      ],
    },
  });
});

test('an attachment gives its thread a vector store that expires', async (t) => {
  const { client, thread, file } = await ask(t, 'Hello', {});
  const { tool_resources } = await client.beta.threads.retrieve(thread.id);
  const [id] = tool_resources?.file_search?.vector_store_ids ?? [];
  assert.ok(id);
  assert.deepEqual((await client.vectorStores.retrieve(id)).expires_after, {
    anchor: 'last_active_at',
    days: 7,
  });
  assert.deepEqual(
    (await client.vectorStores.files.list(id)).data.map((added) => added.id),
    [file.id],
  );
});

test('code comes in pieces, and then its outputs', async (t) => {
  const { events } = await ask(t, '[[code:print(1 + 1)]]', { tools: [{ type: 'code_interpreter' }] });
  const calls = events.flatMap(({ event, data }) => {
    if (event !== 'thread.run.step.delta' || data.delta.step_details?.type !== 'tool_calls') return [];
    return data.delta.step_details.tool_calls ?? [];
  });
  const [first, ...rest] = calls;
  assert.ok(first?.type === 'code_interpreter' && first.id?.startsWith('call_'));
  assert.deepEqual(first.code_interpreter, { input: '', outputs: [] });
  const last = rest.pop();
  assert.deepEqual(last, {
    index: 0,
    type: 'code_interpreter',
    code_interpreter: { outputs: [{ index: 0, type: 'logs', logs: logsOf(last) }] },
  });
  assert.ok(rest.length > 1);
  const code = rest.map((call) => (call.type === 'code_interpreter' ? call.code_interpreter?.input : ''));
  assert.equal(code.join(''), 'print(1 + 1)');
});

test('what was found is told only to those who ask', async (t) => {
  const { client, thread, events } = await ask(t, '[[search:dragons]]', { tools: [{ type: 'file_search' }] });
  const delta = events.find(({ event }) => event === 'thread.run.step.delta');
  assert.match(JSON.stringify(delta), /"type":"file_search","file_search":\{\}/);
  const [run] = (await client.beta.threads.runs.list(thread.id)).data;
  assert.ok(run);
  const at = { thread_id: thread.id, order: 'asc' as const };
  const [plain] = (await client.beta.threads.runs.steps.list(run.id, at)).data;
  const [asked] = (await client.beta.threads.runs.steps.list(run.id, { ...at, include: [content] })).data;
  assert.deepEqual(plain?.usage, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
  assert.equal(JSON.stringify(plain).includes('caves'), false);
  assert.equal(JSON.stringify(asked).includes('caves'), true);
  assert.equal(JSON.stringify(events.map(({ data }) => data).filter(isStep)).includes('caves'), false);
});

test('a run that is cancelled keeps what was said and asked', async (t) => {
  const { client } = await withStandIn(t, { assistants: 'live' });
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const assistant = await client.beta.assistants.create({
    model: 'gpt-4o',
    tools: [{ type: 'function', function: { name: 'get_weather', parameters } }],
  });
  const thread = await client.beta.threads.create({
    messages: [{ role: 'user', content: '[[tool:get_weather {"city":"Rome"}]]' }],
  });
  const { runs } = client.beta.threads;
  const waiting = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  await runs.cancel(waiting.id, { thread_id: thread.id });
  const run = await runs.poll(waiting.id, { thread_id: thread.id });
  assert.equal(run.expires_at, null);
  assert.notEqual(run.usage?.completion_tokens, 0);
  const [step] = (await runs.steps.list(run.id, { thread_id: thread.id })).data;
  assert.equal(step?.status, 'cancelled');
  assert.deepEqual(step.step_details, {
    type: 'tool_calls',
    tool_calls: waiting.required_action?.submit_tool_outputs.tool_calls.map((call) => ({
      ...call,
      function: { ...call.function, output: null },
    })),
  });
});

test('parameters are refused in the words of the API', async (t) => {
  const { client } = await withStandIn(t, { assistants: 'live' });
  const refusals: [body: object, message: string, param: string, code: string][] = [
    [{ colour: 'red' }, "Unknown parameter: 'colour'.", 'colour', 'unknown_parameter'],
    [
      { tools: Array.from({ length: 129 }, () => ({ type: 'code_interpreter' })) },
      "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
      'tools',
      'array_above_max_length',
    ],
    [
      { temperature: 3 },
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
      'temperature',
      'decimal_above_max_value',
    ],
    [
      { metadata: { a: 'v'.repeat(513) } },
      "Invalid 'metadata.a': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.",
      'metadata.a',
      'string_above_max_length',
    ],
    [
      { tools: [{ type: 'retrieval' }] },
      "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
      'tools[0].type',
      'invalid_value',
    ],
  ];
  for (const [body, message, param, code] of refusals) {
    const error = { message, type: 'invalid_request_error', param, code };
    await assert.rejects(client.beta.assistants.create({ model: 'gpt-4o', ...body } as never), { error });
  }
  const missing = { code: 'missing_required_parameter', param: 'model' };
  await assert.rejects(client.beta.assistants.create({} as never), missing);
});

function logsOf(call: OpenAI.Beta.Threads.Runs.ToolCallDelta | undefined): string {
  const [output] = (call?.type === 'code_interpreter' && call.code_interpreter?.outputs) || [];
  return (output?.type === 'logs' && output.logs) || 'no logs';
}

function isStep(data: object): boolean {
  return 'object' in data && data.object === 'thread.run.step';
}
