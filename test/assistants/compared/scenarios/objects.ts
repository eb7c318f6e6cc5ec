import assert from 'node:assert/strict';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import { createAssistant, fast, threadSaying, weatherTool } from '../applications.ts';
import type { Scenario } from '../scenario.ts';

export const objectScenarios: readonly Scenario[] = [
  {
    title: 'an assistant is created with everything, read, changed and deleted',
    async run({ beta }) {
      const created = await beta.assistants.create({
        model: 'gpt-4o',
        name: 'Bo',
        description: 'Knows the weather.',
        instructions: 'Be brief.',
        tools: [weatherTool, { type: 'file_search', file_search: { max_num_results: 3 } }],
        tool_resources: { code_interpreter: { file_ids: [] } },
        temperature: 0.5,
        top_p: 0.25,
        metadata: { team: 'search' },
        response_format: { type: 'json_object' },
      });
      const read = await beta.assistants.retrieve(created.id);
      const changed = await beta.assistants.update(created.id, {
        name: null,
        description: 'Knows everything.',
        model: 'gpt-4o-mini',
        tools: [],
        metadata: { owner: 'anna' },
        response_format: 'auto',
      });
      const untouched = await beta.assistants.update(created.id, {});
      const deleted = await beta.assistants.delete(created.id);
      return { created, read, changed, untouched, deleted };
    },
  },
  {
    title: 'an assistant has the defaults of the API',
    async run({ beta }) {
      const plain = await beta.assistants.create({ model: 'gpt-4o' });
      const emptied = await beta.assistants.create({ model: 'gpt-4o', metadata: null, name: null });
      const thinking = await beta.assistants.create({ model: 'o3-mini', reasoning_effort: 'low' });
      return { plain, emptied, thinking };
    },
  },
  {
    title: 'a thread with messages is created, read, changed and deleted',
    async run({ beta }) {
      const created = await beta.threads.create({
        messages: [
          { role: 'user', content: 'One', metadata: { at: 'first' } },
          { role: 'assistant', content: [{ type: 'text', text: 'Two' }] },
        ],
        metadata: { user: 'u1' },
      });
      const messages = await beta.threads.messages.list(created.id, { order: 'asc' });
      const changed = await beta.threads.update(created.id, { metadata: { user: 'u2' } });
      const untouched = await beta.threads.update(created.id, {});
      const deleted = await beta.threads.delete(created.id);
      return { created, plain: await beta.threads.create(), messages, changed, untouched, deleted };
    },
  },
  {
    title: 'a message is created with parts, read, changed and deleted',
    async run({ beta }) {
      const { id } = await beta.threads.create();
      const created = await beta.threads.messages.create(id, {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this? ünïcode ✓ 👍' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          { type: 'image_url', image_url: { url: 'https://example.com/b.png', detail: 'low' } },
          { type: 'image_file', image_file: { file_id: 'file-none' } },
        ],
        metadata: { part: '1' },
      });
      const at = { thread_id: id };
      const read = await beta.threads.messages.retrieve(created.id, at);
      const changed = await beta.threads.messages.update(created.id, { ...at, metadata: { part: '2' } });
      const untouched = await beta.threads.messages.update(created.id, at);
      const deleted = await beta.threads.messages.delete(created.id, at);
      return { created, read, changed, untouched, deleted, left: await beta.threads.messages.list(id) };
    },
  },
  {
    title: 'vector stores that are described in tool resources are created, and named by id',
    async run(client) {
      const file = await client.files.create({
        file: await toFile(Buffer.from('a'), 'a.txt'),
        purpose: 'assistants',
      });
      const tool_resources = {
        file_search: { vector_stores: [{ file_ids: [file.id], metadata: { topic: 'a' } }] },
        code_interpreter: { file_ids: [file.id] },
      };
      const assistant = await createAssistant(client, { tools: [{ type: 'file_search' }], tool_resources });
      const thread = await client.beta.threads.create({ tool_resources });
      const moved = await client.beta.threads.update(thread.id, {
        tool_resources: { code_interpreter: { file_ids: [] } },
      });
      const stores = [assistant, thread].map((owner) => storeOf(client, owner));
      return { assistant, thread, moved, stores: await Promise.all(stores) };
    },
  },
  {
    title: 'the files of attachments join the resources of their thread',
    async run(client) {
      const file = await client.files.create({
        file: await toFile(Buffer.from('a'), 'a.txt'),
        purpose: 'assistants',
      });
      const attach = (...types: ('file_search' | 'code_interpreter')[]) => ({
        role: 'user' as const,
        content: 'See there.',
        attachments: [{ file_id: file.id, tools: types.map((type) => ({ type })) }],
      });
      const { id } = await client.beta.threads.create({ messages: [attach('file_search')] });
      const first = await client.beta.threads.retrieve(id);
      const message = await client.beta.threads.messages.create(
        id,
        attach('file_search', 'code_interpreter'),
      );
      const second = await client.beta.threads.retrieve(id);
      return { first, message, second, store: await storeOf(client, second) };
    },
  },
  {
    title: 'messages are listed with every parameter',
    async run({ beta }) {
      const { id } = await beta.threads.create();
      const said = [];
      for (const content of ['a', 'b', 'c', 'd', 'e']) {
        said.push(await beta.threads.messages.create(id, { role: 'user', content }));
      }
      const [, second, , fourth] = said.map((message) => message.id);
      assert.ok(second && fourth);
      const queries = [
        {},
        { limit: 2 },
        { limit: 2, order: 'asc' },
        { after: fourth },
        { before: second },
        { before: second, limit: 2 },
        { after: second, order: 'asc', limit: 2 },
        { before: fourth, order: 'asc', limit: 2 },
        { after: second, before: fourth, order: 'asc' },
        { after: said[0]!.id },
        { run_id: 'run_none' },
      ] as const;
      const pages = [];
      for (const query of queries) {
        const { data, has_more, ...rest } = await beta.threads.messages.list(id, query);
        pages.push({ query, data: data.map(textOf), has_more, rest: pageIds(rest) });
      }
      const all = [];
      for await (const message of beta.threads.messages.list(id, { limit: 2 })) all.push(textOf(message));
      assert.deepEqual(all, ['e', 'd', 'c', 'b', 'a']);
      return { pages, all };
    },
  },
  {
    title: 'runs and their steps and messages are listed with every parameter',
    async run(client) {
      const { threads } = client.beta;
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello');
      const runs = [];
      for (const metadata of [{ at: '1' }, { at: '2' }, { at: '3' }]) {
        runs.push(
          await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id, metadata }, fast),
        );
      }
      const [first, second] = runs;
      assert.ok(first && second);
      const at = { thread_id: thread.id };
      return [
        await threads.runs.list(thread.id),
        await threads.runs.list(thread.id, { limit: 1, order: 'asc' }),
        await threads.runs.list(thread.id, { after: second.id }),
        await threads.runs.list(thread.id, { before: second.id }),
        await threads.messages.list(thread.id, { run_id: second.id }),
        await threads.runs.steps.list(first.id, { ...at, limit: 1, order: 'asc' }),
        await threads.runs.steps.list(first.id, at),
      ].map(({ data, has_more }) => ({ data, has_more }));
    },
  },
  {
    title: 'runs are changed by their metadata only, in any state',
    async run(client) {
      const { runs } = client.beta.threads;
      const assistant = await createAssistant(client, { tools: [weatherTool] });
      const thread = await threadSaying(client, '[[tool:get_weather {"city":"Rome"}]]');
      const at = { thread_id: thread.id };
      const waiting = await runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      const changed = await runs.update(waiting.id, { ...at, metadata: { user: 'u1' } });
      const untouched = await runs.update(waiting.id, at);
      await runs.cancel(waiting.id, at);
      const ended = await runs.poll(waiting.id, at, fast);
      assert.equal(ended.status, 'cancelled');
      return { changed, untouched, ended, after: await runs.update(waiting.id, { ...at, metadata: null }) };
    },
  },
];

function textOf({ content: [part] }: OpenAI.Beta.Threads.Message): string | undefined {
  return part?.type === 'text' ? part.text.value : undefined;
}

/** What else a page says. */
function pageIds(rest: object): unknown {
  const { first_id, last_id, object } = rest as Record<string, unknown>;
  return { first_id, last_id, object };
}

interface Owner {
  tool_resources?: { file_search?: { vector_store_ids?: string[] } } | null;
}

async function storeOf(client: OpenAI, { tool_resources }: Owner) {
  const [id] = tool_resources?.file_search?.vector_store_ids ?? [];
  assert.ok(id);
  const { name, metadata, expires_after } = await client.vectorStores.retrieve(id);
  const { data } = await client.vectorStores.files.list(id);
  return { name, metadata, expires_after, files: data.map((file) => file.id) };
}
