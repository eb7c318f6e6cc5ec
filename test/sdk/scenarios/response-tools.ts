import assert from 'node:assert/strict';

import { eventsOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

const model = 'gpt-4.1';
const input = 'Weather? [[tool:get_weather {"city":"Rome"}]] [[tool:get_weather {"city":"Oslo"}]]';
const tools = [
  {
    type: 'function' as const,
    name: 'get_weather',
    description: 'The weather of a city',
    strict: true,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
];

export const responseToolScenarios: readonly Scenario[] = [
  {
    title: 'a response calls functions and goes on with their outputs',
    async run({ client }) {
      const asking = await client.responses.create({ model, input, tools });
      const outputs = asking.output.flatMap((item) =>
        item.type === 'function_call'
          ? [
              {
                type: 'function_call_output' as const,
                call_id: item.call_id,
                output: `In ${item.arguments}: 20`,
              },
            ]
          : [],
      );
      assert.equal(outputs.length, 2);
      const answered = await client.responses.create({
        model,
        input: outputs,
        tools,
        previous_response_id: asking.id,
      });
      return { asking, answered };
    },
  },
  {
    title: 'a streamed response tells the arguments of its calls piece by piece',
    async run({ client }) {
      const events = await eventsOf(
        await client.responses.create({ model, input, tools, tool_choice: 'required', stream: true }),
      );
      assert.ok(events.some(({ type }) => type === 'response.function_call_arguments.delta'));
      return events;
    },
  },
  {
    title: 'a response searches a vector store',
    async run({ client, sdk }) {
      const file = await client.files.create({
        file: await sdk.toFile(Buffer.from('Dragons sleep in caves.'), 'dragons.txt'),
        purpose: 'assistants',
      });
      const store = await client.vectorStores.create({ name: 'lore' });
      await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 20 });
      const response = await client.responses.create({
        model,
        input: 'Where? [[search:dragons]]',
        tools: [{ type: 'file_search', vector_store_ids: [store.id] }],
        include: ['file_search_call.results'],
      });
      assert.match(response.output_text, /Dragons sleep in caves/);
      return response;
    },
  },
];
