import assert from 'node:assert/strict';

import { eventsOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

const model = 'gpt-4o';
const hello = [
  { role: 'system' as const, content: 'Be brief.' },
  { role: 'user' as const, content: 'Hello [[words:40]]' },
];
const weather = [
  { role: 'user' as const, content: 'Weather? [[tool:get_weather {"city":"Rome"}]] [[tool:get_weather]]' },
];
const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'get_weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

export const chatScenarios: readonly Scenario[] = [
  {
    title: 'a chat completion with several choices',
    async run({ client }) {
      const completion = await client.chat.completions.create({ model, messages: hello, n: 3 });
      assert.equal(completion.choices.length, 3);
      const { _request_id: requestId } = completion;
      assert.ok(requestId?.startsWith('req_'));
      return { completion, requestId };
    },
  },
  {
    title: 'a chat stream without include_usage has no usage in it',
    async run({ client }) {
      const chunks = await eventsOf(
        await client.chat.completions.create({ model, messages: hello, n: 2, stream: true }),
      );
      assert.ok(
        chunks.length > 40 && chunks.every((chunk) => !('usage' in chunk) && chunk.choices.length > 0),
      );
      return chunks;
    },
  },
  {
    title: 'a chat stream with include_usage ends with it',
    async run({ client }) {
      const chunks = await eventsOf(
        await client.chat.completions.create({
          model,
          messages: hello,
          stream: true,
          stream_options: { include_usage: true },
        }),
      );
      assert.ok((chunks.at(-1)?.usage?.completion_tokens ?? 0) > 0);
      return chunks;
    },
  },
  {
    title: 'a chat stream calls functions piece by piece',
    async run({ client }) {
      const create = { model, messages: weather, tools, stream: true as const };
      const chunks = await eventsOf(await client.chat.completions.create(create));
      assert.ok(chunks.some((chunk) => chunk.choices[0]?.delta.tool_calls));
      return chunks;
    },
  },
  {
    title: 'a chat completion calls functions and goes on with their outputs',
    async run({ client }) {
      const asking = await client.chat.completions.create({ model, messages: weather, tools });
      const message = asking.choices[0]?.message;
      assert.ok(message?.tool_calls?.length);
      const outputs = message.tool_calls.map(({ id }) => ({
        role: 'tool' as const,
        tool_call_id: id,
        content: '20 degrees',
      }));
      const messages = [...weather, message, ...outputs];
      return { asking, answered: await client.chat.completions.create({ model, messages, tools }) };
    },
  },
  {
    title: 'the stream helper puts a chat completion together',
    async run({ client }) {
      const stream = client.chat.completions.stream({ model, messages: hello });
      const deltas: string[] = [];
      stream.on('content', (delta) => void deltas.push(delta));
      return { final: await stream.finalChatCompletion(), deltas };
    },
    async runWithFour({ client }) {
      const stream = client.beta.chat.completions.stream({ model, messages: hello });
      const deltas: string[] = [];
      stream.on('content', (delta) => void deltas.push(delta));
      return { final: await stream.finalChatCompletion(), deltas };
    },
  },
  {
    title: 'the tool runner answers the functions by itself',
    async run({ client }) {
      const runner = client.chat.completions.runTools({ model, messages: weather, tools: [runnable] });
      return { content: await runner.finalContent(), messages: runner.messages };
    },
    async runWithFour({ client }) {
      const runner = client.beta.chat.completions.runTools({ model, messages: weather, tools: [runnable] });
      return { content: await runner.finalContent(), messages: runner.messages };
    },
  },
  {
    title: 'stored chat completions are listed, changed and deleted',
    async run({ client }) {
      const { completions } = client.chat;
      const { id } = await completions.create({ model, messages: hello, store: true });
      const changed = await completions.update(id, { metadata: { kept: 'yes' } });
      const messages = await eventsOf(completions.messages.list(id));
      const listed = await eventsOf(completions.list());
      return { changed, messages, listed, deleted: await completions.delete(id) };
    },
    async runWithFour({ client }) {
      const { completions } = client.chat;
      const { id } = await completions.create({ model, messages: hello, store: true });
      const changed = await completions.update(id, { metadata: { kept: 'yes' } });
      const messages = await eventsOf(completions.messages.list(id));
      const listed = await eventsOf(completions.list());
      return { changed, messages, listed, deleted: await completions.del(id) };
    },
  },
  {
    title: 'legacy completions, whole and as a stream',
    async run({ client }) {
      const prompt = 'Once upon a time [[words:30]]';
      const whole = await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt });
      const stream = { model: 'gpt-3.5-turbo-instruct', prompt, stream: true as const };
      const chunks = await eventsOf(await client.completions.create(stream));
      assert.ok(chunks.every((chunk) => chunk.usage === undefined && chunk.choices.length > 0));
      return { whole, chunks };
    },
  },
];

const runnable = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    parse: (text: string) => JSON.parse(text) as { city?: string },
    function: ({ city }: { city?: string }) => `20 degrees in ${city ?? 'nowhere'}`,
  },
};
