import assert from 'node:assert/strict';

import { eventsOf, failureOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

const model = 'gpt-4o-mini';

export const responseScenarios: readonly Scenario[] = [
  {
    title: 'responses follow each other, and know each other',
    async run({ client }) {
      const first = await client.responses.create({ model, input: 'Hello', instructions: 'Be brief.' });
      const second = await client.responses.create({
        model: 'gpt-5-mini',
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'And then? [[reasoning:40]]' }] }],
        previous_response_id: first.id,
        reasoning: { effort: 'low' },
        metadata: { chapter: 'ünïcode ✓' },
      });
      assert.match(second.output_text, /And then\?/);
      assert.ok(second.usage && second.usage.output_tokens_details.reasoning_tokens > 0);
      return { first, second };
    },
  },
  {
    title: 'a response streams its events',
    async run({ client }) {
      const stream = await client.responses.create({ model, input: 'Hello [[words:120]]', stream: true });
      const events = await eventsOf(stream);
      assert.equal(events.at(-1)?.type, 'response.completed');
      return events;
    },
  },
  {
    title: 'a streamed response cut by its token limit ends as incomplete',
    async run({ client }) {
      const input = 'Go on [[words:100]] [[chunkCharacters:3]] ';
      const events = await eventsOf(
        await client.responses.create({ model, input, stream: true, max_output_tokens: 20 }),
      );
      assert.equal(events.at(-1)?.type, 'response.incomplete');
      return events;
    },
  },
  {
    title: 'the stream helper puts a response together',
    async run({ client }) {
      const stream = client.responses.stream({ model, input: 'Hello [[words:30]]' });
      const events: unknown[] = [];
      stream.on('event', (event) => void events.push(structuredClone(event)));
      const final = await stream.finalResponse();
      assert.equal(final.status, 'completed');
      return { events, final };
    },
  },
  {
    title: 'a response keeps to a JSON schema and is parsed',
    async run({ client }) {
      const parsed = await client.responses.parse({
        model,
        input: 'A city',
        text: {
          format: {
            type: 'json_schema',
            name: 'city',
            strict: true,
            schema: {
              type: 'object',
              properties: { name: { type: 'string' }, population: { type: 'integer' } },
              required: ['name', 'population'],
              additionalProperties: false,
            },
          },
        },
      });
      return { parsed, object: JSON.parse(parsed.output_text) as unknown };
    },
  },
  {
    title: 'a background response is polled to its end, read, and deleted',
    async run({ client }) {
      const queued = await client.responses.create({ model, input: 'Later', background: true });
      assert.equal(queued.status, 'queued');
      const final = await settled(() => client.responses.retrieve(queued.id));
      assert.equal(final.status, 'completed');
      const deleted = await client.responses.delete(queued.id);
      return { queued, final, deleted, gone: await failureOf(client.responses.retrieve(queued.id)) };
    },
    async runWithFour({ client }) {
      const queued = await client.responses.create({ model, input: 'Later', background: true });
      const final = await settled(() => client.responses.retrieve(queued.id));
      const deleted = await client.responses.del(queued.id);
      return { queued, final, deleted, gone: await failureOf(client.responses.retrieve(queued.id)) };
    },
  },
  {
    title: 'a background response is cancelled',
    standIn: { queuedMs: 60_000 },
    async run({ client }) {
      const queued = await client.responses.create({ model, input: 'Never mind', background: true });
      const cancelled = await client.responses.cancel(queued.id);
      return { queued, cancelled, now: await client.responses.retrieve(queued.id) };
    },
  },
  {
    title: 'the stream of a background response is taken up again where it was left',
    async run({ client }) {
      const begun = await client.responses.create({
        model,
        input: 'Hello [[words:25]] [[delayMs:10]]',
        background: true,
        stream: true,
      });
      const before: unknown[] = [];
      let id = '';
      let after = 0;
      for await (const event of begun) {
        before.push(event);
        if ('response' in event) id = event.response.id;
        after = event.sequence_number;
        if (after === 5) break;
      }
      const resumed = await client.responses.retrieve(id, { stream: true, starting_after: after });
      const rest = await eventsOf(resumed);
      assert.equal(rest[0]?.sequence_number, 6);
      return { before, rest };
    },
  },
  {
    title: 'input items come page by page',
    async run({ client }) {
      const input = Array.from({ length: 25 }, (_, index) => ({
        role: 'user' as const,
        content: `Line ${index}`,
      }));
      const { id } = await client.responses.create({ model, input });
      const items = await eventsOf(client.responses.inputItems.list(id, { limit: 10, order: 'asc' }));
      assert.equal(items.length, 25);
      const page = await client.responses.inputItems.list(id, { limit: 4 });
      return { items, first: page.data, next: (await page.getNextPage()).data, more: page.has_more };
    },
  },
  {
    title: 'input tokens are counted',
    needs: 'responses.inputTokens',
    run: ({ client }) => client.responses.inputTokens.count({ model, input: 'How long is this?' }),
  },
  {
    title: 'a response is compacted',
    needs: 'responses.compact',
    run: ({ client }) => client.responses.compact({ model, input: 'A long story. '.repeat(50) }),
  },
  {
    title: 'the beta surface of responses creates and reads',
    needs: 'beta.responses',
    async run({ client }) {
      const created = await client.beta.responses.create({
        model,
        input: 'Hello',
        betas: ['responses_multi_agent=v1'],
      });
      return { created, read: await client.beta.responses.retrieve(created.id) };
    },
  },
];

/** Polls as an application would, but faster. */
async function settled<R extends { status?: string }>(retrieve: () => PromiseLike<R>): Promise<R> {
  for (;;) {
    const response = await retrieve();
    if (response.status !== 'queued' && response.status !== 'in_progress') return response;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
