import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BadRequestError, NotFoundError } from 'openai';
import type { ChatCompletionTool } from 'openai/resources/chat/completions';

import type { StandIn } from './stand-in.ts';
import { createTokens } from './tokens.ts';
import { withStandIn } from './with-stand-in.ts';

const say = (content: string) => ({ model: 'gpt-4o', messages: [{ role: 'user' as const, content }] });

const WEATHER: ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: {} } },
};

test('a chat completion is answered with true usage', async (t) => {
  const { client } = await withStandIn(t);
  const completion = await client.chat.completions.create(say('Hello'));
  const [choice] = completion.choices;
  assert.equal(choice?.finish_reason, 'stop');
  assert.match(choice?.message.content ?? '', /^You said: "Hello"/);
  // OpenAI's rule: 3 for the answer's start; 3 for each message, its role, its text.
  assert.equal(completion.usage?.prompt_tokens, 3 + 3 + 1 + 1);
  assert.equal(completion.usage?.completion_tokens, createTokens().count(choice?.message.content ?? ''));
});

test('chunks have no usage unless it is asked for; then all have, and one more tells it', async (t) => {
  const { standIn } = await withStandIn(t);
  const without = await chunks(standIn, { ...say('Hello'), stream: true });
  assert.ok(without.every((chunk) => !('usage' in chunk)));
  assert.ok(without.every((chunk) => chunk.choices.length === 1));

  const asked = { ...say('Hello'), stream: true, stream_options: { include_usage: true } };
  const withUsage = await chunks(standIn, asked);
  const last = withUsage.pop();
  assert.ok(withUsage.every((chunk) => chunk.usage === null));
  assert.deepEqual(last?.choices, []);
  const text = withUsage.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(last?.usage?.completion_tokens, createTokens().count(text));
  assert.equal(withUsage.length, without.length);
});

test('the stream helper adds the chunks up, functions included', async (t) => {
  const { client } = await withStandIn(t);
  const stream = client.chat.completions.stream({
    ...say('[[tool:get_weather {"city":"Rome"}]] [[tool:get_weather {"city":"Oslo"}]]'),
    tools: [WEATHER],
  });
  const completion = await stream.finalChatCompletion();
  const [choice] = completion.choices;
  assert.equal(choice?.finish_reason, 'tool_calls');
  assert.deepEqual(
    choice?.message.tool_calls?.map((call) => call.type === 'function' && call.function.arguments),
    ['{"city":"Rome"}', '{"city":"Oslo"}'],
  );
});

test('without parallel calls the functions are called one after the other', async (t) => {
  const { client } = await withStandIn(t);
  const request = {
    ...say('[[tool:get_weather {"n":1}]] [[tool:get_weather {"n":2}]]'),
    tools: [WEATHER],
    parallel_tool_calls: false,
  };
  const first = (await client.chat.completions.create(request)).choices[0]?.message;
  assert.equal(first?.tool_calls?.length, 1);
  const [call] = first?.tool_calls ?? [];
  assert.ok(first && call?.type === 'function');
  const second = await client.chat.completions.create({
    ...request,
    messages: [...request.messages, first, { role: 'tool', tool_call_id: call.id, content: 'done' }],
  });
  const [next] = second.choices[0]?.message.tool_calls ?? [];
  assert.equal(next?.type === 'function' && next.function.arguments, '{"n":2}');
});

test('the deprecated functions are answered in kind', async (t) => {
  const { client } = await withStandIn(t);
  const completion = await client.chat.completions.create({
    ...say('[[tool:old {"a":1}]]'),
    functions: [{ name: 'old' }],
  });
  assert.equal(completion.choices[0]?.finish_reason, 'function_call');
  assert.deepEqual(completion.choices[0]?.message.function_call, { name: 'old', arguments: '{"a":1}' });
});

test('both names of the maximum are kept exactly', async (t) => {
  const { client } = await withStandIn(t);
  for (const cap of [{ max_tokens: 7 }, { max_completion_tokens: 7 }]) {
    const completion = await client.chat.completions.create({ ...say('Hello [[words:50]]'), ...cap });
    assert.equal(completion.choices[0]?.finish_reason, 'length');
    assert.equal(completion.usage?.completion_tokens, 7);
  }
});

test('several choices count their output together and the prompt once', async (t) => {
  const { client } = await withStandIn(t);
  const one = await client.chat.completions.create(say('Hello [[words:10]]'));
  const three = await client.chat.completions.create({ ...say('Hello [[words:10]]'), n: 3 });
  assert.equal(three.choices.length, 3);
  assert.equal(three.usage?.completion_tokens, 3 * (one.usage?.completion_tokens ?? 0));
  assert.equal(three.usage?.prompt_tokens, one.usage?.prompt_tokens);
});

test('chunks can be cut by characters, and answers made of any size', async (t) => {
  const { standIn, client } = await withStandIn(t);
  const request = { ...say('[[say:a🙂b wide 🙂🙂]] [[chunkCharacters:2]]'), stream: true };
  const texts = (await chunks(standIn, request)).map((chunk) => chunk.choices[0]?.delta.content ?? '');
  assert.equal(texts.join(''), 'a🙂b wide 🙂🙂');
  assert.ok(texts.every((text) => [...text].length <= 2));
  const big = await client.chat.completions.create(say('[[bytes:100000]]'));
  assert.equal(big.choices[0]?.message.content?.length, 100_000);
});

test('stored completions can be listed page by page, read, changed and deleted', async (t) => {
  const { client } = await withStandIn(t);
  for (const user of ['a', 'b', 'a']) {
    await client.chat.completions.create({ ...say('Hello'), store: true, metadata: { user } });
  }
  await client.chat.completions.create(say('Not stored'));
  const ids: string[] = [];
  for await (const { id } of client.chat.completions.list({ limit: 2 })) ids.push(id);
  assert.equal(ids.length, 3);
  const ofA = await client.chat.completions.list({ metadata: { user: 'a' } });
  assert.equal(ofA.data.length, 2);
  const [id = ''] = ids;
  assert.equal((await client.chat.completions.messages.list(id)).data[0]?.content, 'Hello');
  const changed = await client.chat.completions.update(id, { metadata: { user: 'c' } });
  assert.deepEqual(changed.metadata, { user: 'c' });
  await client.chat.completions.delete(id);
  await assert.rejects(client.chat.completions.retrieve(id), NotFoundError);
});

test('legacy completions answer, stream, and stop at 16 tokens unless told', async (t) => {
  const { client } = await withStandIn(t);
  const request = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hello' };
  const whole = await client.completions.create(request);
  assert.equal(whole.usage?.completion_tokens, 16);
  let text = '';
  for await (const chunk of await client.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0]?.text ?? '';
  }
  assert.equal(text, whole.choices[0]?.text);
});

test('bad requests are refused as OpenAI does', async (t) => {
  const { client } = await withStandIn(t);
  await assert.rejects(
    client.chat.completions.create({ ...say('Hello'), model: 'no-such-model' }),
    (error) => error instanceof NotFoundError && error.code === 'model_not_found',
  );
  await assert.rejects(client.chat.completions.create({ model: 'gpt-4o', messages: [] }), BadRequestError);
  await assert.rejects(
    client.chat.completions.create(say('word '.repeat(130_000))),
    (error) => error instanceof BadRequestError && error.code === 'context_length_exceeded',
  );
});

interface Chunk {
  choices: { delta: { content?: string } }[];
  usage?: { completion_tokens: number } | null;
}

/** The chunks as they were sent, without what an SDK may make of them. */
async function chunks(standIn: StandIn, body: object): Promise<Chunk[]> {
  const answer = await fetch(`${standIn.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${standIn.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const lines = (await answer.text()).split('\n\n').filter(Boolean);
  assert.equal(lines.pop(), 'data: [DONE]');
  return lines.map((line): Chunk => JSON.parse(line.slice('data: '.length)));
}
