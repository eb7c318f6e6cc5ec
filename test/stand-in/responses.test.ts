import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BadRequestError, NotFoundError } from 'openai';
import type { FunctionTool, ResponseStreamEvent } from 'openai/resources/responses/responses';

import { createTokens } from './tokens.ts';
import { stoppedClock, withStandIn } from './with-stand-in.ts';

const WEATHER: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: true,
};

test('a response answers the last message, and its usage is true for the text', async (t) => {
  const { standIn, client } = await withStandIn(t);
  const response = await client.responses.create({ model: 'gpt-4o', input: 'Hello' });
  assert.match(response.output_text, /^You said: "Hello"\./);
  assert.equal(response.status, 'completed');
  assert.equal(response.model, 'gpt-4o-2024-08-06', 'an alias is answered by its snapshot');
  assert.equal(response.usage?.output_tokens, createTokens().count(response.output_text));
  const { input_tokens } = await client.responses.inputTokens.count({ model: 'gpt-4o', input: 'Hello' });
  assert.equal(response.usage?.input_tokens, input_tokens);
  assert.deepEqual(standIn.requests[0]?.usage, {
    inputTokens: input_tokens,
    cachedTokens: 0,
    outputTokens: response.usage?.output_tokens,
    reasoningTokens: 0,
  });
});

test('a stream tells its events in order, numbered, and the helper accepts them', async (t) => {
  const { client } = await withStandIn(t);
  const stream = client.responses.stream({ model: 'gpt-4o', input: 'Hello' });
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  assert.deepEqual(
    events.map((event) => event.type).filter((type, index, types) => type !== types[index - 1]),
    [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ],
  );
  assert.deepEqual(
    events.map((event) => event.sequence_number),
    events.map((_, index) => index),
  );
  const deltas = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''));
  const final = await stream.finalResponse();
  assert.equal(deltas.join(''), final.output_text);
  assert.ok(final.usage && final.usage.output_tokens > 0);
});

test('functions are called with argument deltas, and their outputs are answered', async (t) => {
  const { client } = await withStandIn(t);
  const stream = client.responses.stream({
    model: 'gpt-4o',
    input: 'Weather? [[tool:get_weather {"city":"Rome"}]]',
    tools: [WEATHER],
  });
  let deltas = '';
  stream.on('response.function_call_arguments.delta', ({ delta }) => (deltas += delta));
  const first = await stream.finalResponse();
  const [call] = first.output;
  assert.ok(call?.type === 'function_call');
  assert.equal(call.arguments, '{"city":"Rome"}');
  assert.equal(deltas, call.arguments);
  const second = await client.responses.create({
    model: 'gpt-4o',
    previous_response_id: first.id,
    input: [{ type: 'function_call_output', call_id: call.call_id, output: '21 degrees' }],
    tools: [WEATHER],
  });
  assert.match(second.output_text, /The tools answered: 21 degrees/);
});

test('a required function is called with arguments that its schema accepts', async (t) => {
  const { client } = await withStandIn(t);
  const request = { model: 'gpt-4o', input: 'Hello', tools: [WEATHER] };
  const response = await client.responses.create({ ...request, tool_choice: 'required' });
  const [call] = response.output;
  assert.ok(call?.type === 'function_call');
  assert.equal(typeof JSON.parse(call.arguments).city, 'string');
  const free = await client.responses.create(request);
  assert.equal(free.output[0]?.type, 'message');
});

test('max_output_tokens is kept exactly, reasoning included', async (t) => {
  const { client } = await withStandIn(t);
  const ask = (model: string, max_output_tokens: number) =>
    client.responses.create({ model, input: 'Hello [[words:300]]', max_output_tokens });
  const plain = await ask('gpt-4o', 50);
  assert.equal(plain.status, 'incomplete');
  assert.equal(plain.incomplete_details?.reason, 'max_output_tokens');
  assert.equal(plain.usage?.output_tokens, 50);
  assert.equal(createTokens().count(plain.output_text), 50);

  const thinking = await ask('gpt-5', 150);
  assert.equal(thinking.usage?.output_tokens, 150);
  assert.equal(thinking.usage?.output_tokens_details.reasoning_tokens, 128);
  assert.equal(createTokens().count(thinking.output_text), 22);

  const onlyThinking = await ask('gpt-5', 100);
  assert.deepEqual(
    onlyThinking.output.map((item) => item.type),
    ['reasoning'],
  );
  await assert.rejects(ask('gpt-4o', 15), BadRequestError);
});

test('a JSON schema is answered by JSON that fits it', async (t) => {
  const { client } = await withStandIn(t);
  const schema = {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer' }, kind: { enum: ['a', 'b'] } },
    required: ['name', 'age', 'kind'],
    additionalProperties: false,
  };
  const response = await client.responses.create({
    model: 'gpt-4o',
    input: 'Hello',
    text: { format: { type: 'json_schema', name: 'person', schema } },
  });
  const answer = JSON.parse(response.output_text);
  assert.equal(typeof answer.name, 'string');
  assert.equal(typeof answer.age, 'number');
  assert.equal(answer.kind, 'a');
});

test('a chain and a conversation remember what was said', async (t) => {
  const { client } = await withStandIn(t);
  const first = await client.responses.create({ model: 'gpt-4o', input: 'One' });
  const second = await client.responses.create({
    model: 'gpt-4o',
    input: 'Two',
    previous_response_id: first.id,
  });
  assert.match(second.output_text, /This is turn 2/);

  const conversation = await client.conversations.create({ items: [{ role: 'user', content: 'One' }] });
  await client.responses.create({ model: 'gpt-4o', input: 'Two', conversation: conversation.id });
  const third = await client.responses.create({
    model: 'gpt-4o',
    input: 'Three',
    conversation: conversation.id,
  });
  assert.match(third.output_text, /This is turn 3/);
  const roles: string[] = [];
  for await (const item of client.conversations.items.list(conversation.id, { order: 'asc', limit: 2 })) {
    if (item.type === 'message') roles.push(item.role);
  }
  assert.deepEqual(roles, ['user', 'user', 'assistant', 'user', 'assistant']);
});

test('a stored response can be read, its input listed, and deleted; others cannot', async (t) => {
  const { client } = await withStandIn(t);
  const stored = await client.responses.create({ model: 'gpt-4o', input: 'Hello', metadata: { a: 'b' } });
  const read = await client.responses.retrieve(stored.id);
  assert.deepEqual(read.output, stored.output);
  assert.deepEqual(read.metadata, { a: 'b' });
  const items = await client.responses.inputItems.list(stored.id);
  assert.equal(items.data.length, 1);
  await client.responses.delete(stored.id);
  await assert.rejects(client.responses.retrieve(stored.id), NotFoundError);
  const passing = await client.responses.create({ model: 'gpt-4o', input: 'Hello', store: false });
  await assert.rejects(client.responses.retrieve(passing.id), NotFoundError);
});

test('a background response is queued, then worked on, then complete; only then it has usage', async (t) => {
  const clock = stoppedClock();
  const { client } = await withStandIn(t, { queuedMs: 100, workMs: 1000, now: clock.now });
  const created = await client.responses.create({ model: 'gpt-4o', input: 'Hello', background: true });
  assert.equal(created.status, 'queued');
  assert.equal(created.usage, null);
  clock.advance(100);
  const working = await client.responses.retrieve(created.id);
  assert.equal(working.status, 'in_progress');
  assert.equal(working.usage, null);
  clock.advance(1000);
  const done = await client.responses.retrieve(created.id);
  assert.equal(done.status, 'completed');
  assert.equal(done.usage?.output_tokens, createTokens().count(done.output_text));
});

test('the stream of a background response can be taken up where it was left', async (t) => {
  const { client } = await withStandIn(t);
  const request = { model: 'gpt-4o', input: 'Hello', background: true, stream: true } as const;
  const events: ResponseStreamEvent[] = [];
  for await (const event of await client.responses.create(request)) {
    events.push(event);
    if (event.sequence_number === 5) break;
  }
  const [created] = events;
  assert.ok(created?.type === 'response.created');
  const rest = await client.responses.retrieve(created.response.id, { stream: true, starting_after: 5 });
  for await (const event of rest) events.push(event);
  assert.deepEqual(
    events.map((event) => event.sequence_number),
    events.map((_, index) => index),
  );
  assert.equal(events.at(-1)?.type, 'response.completed');
});

test('cancelling a background response leaves the usage of what it did', async (t) => {
  const clock = stoppedClock();
  const { client } = await withStandIn(t, { queuedMs: 100, workMs: 1000, now: clock.now });
  const begin = () => client.responses.create({ model: 'gpt-4o', input: '[[words:200]]', background: true });
  const begun = await begin();
  clock.advance(600);
  const cancelled = await client.responses.cancel(begun.id);
  assert.equal(cancelled.status, 'cancelled');
  const uncancelled = await begin();
  clock.advance(1100);
  const whole = (await client.responses.retrieve(uncancelled.id)).usage?.output_tokens ?? 0;
  assert.equal(cancelled.usage?.output_tokens, Math.floor(whole / 2));
  assert.deepEqual((await client.responses.retrieve(begun.id)).usage, cancelled.usage);

  const waiting = await begin();
  clock.advance(50);
  assert.equal((await client.responses.cancel(waiting.id)).usage?.total_tokens, 0, 'it had not begun');
});

test('leaving a stream early is seen, bills what was sent, and cancels the response', async (t) => {
  const { standIn, client } = await withStandIn(t, { chunkDelayMs: 5 });
  const stream = await client.responses.create({ model: 'gpt-4o', input: '[[words:500]]', stream: true });
  let id = '';
  for await (const event of stream) {
    if (event.type === 'response.created') id = event.response.id;
    if (event.sequence_number === 20) break;
  }
  for (let tries = 0; tries < 100 && !standIn.requests[0]?.aborted; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [seen] = standIn.requests;
  assert.equal(seen?.aborted, true);
  const billed = seen?.usage?.outputTokens ?? 0;
  assert.ok(billed >= 15 && billed < 400, `billed ${billed}`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const response = await client.responses.retrieve(id);
  assert.equal(response.status, 'cancelled');
  assert.equal(response.usage?.output_tokens, billed);
});

test('a long prompt that was seen before is cached in steps of 128 tokens', async (t) => {
  const { client } = await withStandIn(t);
  const instructions = 'Remember this rule. '.repeat(400);
  const ask = async (input: string) => {
    const { usage } = await client.responses.create({ model: 'gpt-4o', instructions, input });
    return usage?.input_tokens_details.cached_tokens ?? -1;
  };
  assert.equal(await ask('One'), 0);
  const cached = await ask('Two');
  assert.ok(cached >= 1024 && cached % 128 === 0, `cached ${cached}`);
});

test('compacting gives an item that the next response can start from', async (t) => {
  const { client } = await withStandIn(t);
  const compacted = await client.responses.compact({ model: 'gpt-4o', input: 'The code word is teal.' });
  const [item] = compacted.output;
  assert.ok(item?.type === 'compaction');
  const next = await client.responses.create({
    model: 'gpt-4o',
    input: [
      { type: 'compaction', encrypted_content: item.encrypted_content },
      { role: 'user', content: 'What was it?' },
    ],
  });
  assert.match(next.output_text, /The code word is teal/);
});

test('a response can fail or refuse', async (t) => {
  const { client } = await withStandIn(t);
  const failed = await client.responses.create({ model: 'gpt-4o', input: '[[fail:server_error]]' });
  assert.equal(failed.status, 'failed');
  assert.equal(failed.error?.code, 'server_error');
  const refused = await client.responses.create({ model: 'gpt-4o', input: '[[refuse]]' });
  const [message] = refused.output;
  assert.equal(message?.type === 'message' && message.content[0]?.type, 'refusal');
});

test('responses are listed, newest first, only by a stand-in for servers that list them', async (t) => {
  const { client: plain } = await withStandIn(t);
  await assert.rejects(plain.get('/responses'), NotFoundError);

  const { client } = await withStandIn(t, { listsResponses: true });
  const ids: string[] = [];
  for (const call of ['a', 'b', 'c']) {
    const { id } = await client.responses.create({ model: 'gpt-4o', input: 'Hello', metadata: { call } });
    ids.unshift(id);
  }
  await client.responses.create({ model: 'gpt-4o', input: 'Hello', store: false });
  type Listed = { data: { id: string; metadata: { call: string } }[]; has_more: boolean };
  const page = (query: object) => client.get<Listed>('/responses', { query });
  const all = await page({});
  assert.deepEqual(
    all.data.map(({ id, metadata }) => [id, metadata.call]),
    [
      [ids[0], 'c'],
      [ids[1], 'b'],
      [ids[2], 'a'],
    ],
  );
  const middle = await page({ limit: 1, after: ids[0] });
  assert.deepEqual([middle.data.map(({ id }) => id), middle.has_more], [[ids[1]], true]);
});
