import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exportAssistants, exportThread } from '../../../src/assistants/moving/export-objects.ts';
import { emptyTallies, importObject } from '../../../src/assistants/moving/import-objects.ts';
import { messageIn } from '../../../src/assistants/store/parse-record.ts';
import { lists, lockId, threadPartition } from '../../../src/assistants/store/records.ts';
import type { AssistantStore } from '../../../src/assistants/store/store.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';
import { acme, serveObjects } from '../objects/serve-objects.ts';

const { counter } = serveObjects().parts;

async function importAll(store: AssistantStore, values: readonly unknown[]) {
  const tallies = emptyTallies();
  for (const value of values) await importObject({ store, counter, org: acme.org }, value, tallies);
  return tallies;
}

function importInto(store: AssistantStore, text: string) {
  return importAll(
    store,
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  );
}

async function exportAll(store: AssistantStore, ...threadIds: string[]): Promise<string> {
  let text = '';
  for await (const line of exportAssistants(store, acme.org)) text += line;
  for (const id of threadIds) text += await exportThread(store, acme.org, id);
  return text;
}

function messageOf(id: string, created_at: number, value = id) {
  const content = [{ type: 'text', text: { value, annotations: [] } }];
  return { id, object: 'thread.message', created_at, role: 'user', content };
}

function threadOf(messages: unknown) {
  return {
    id: 'thread_1',
    object: 'thread',
    created_at: 1,
    metadata: { a: 'b' },
    tool_resources: {},
    messages,
  };
}

const assistant = { id: 'asst_1', object: 'assistant', created_at: 1, model: 'gpt-4o' };
const none = { created: 0, changed: 0, unchanged: 0 };

async function order(store: AssistantStore): Promise<string[]> {
  const partition = threadPartition(acme.org, 'thread_1');
  const page = await store.list(partition, lists.messages, { limit: 100, order: 'asc' });
  return page?.documents.map(({ id }) => id) ?? [];
}

test('what was made here moves to another store, byte for byte, and twice changes nothing', async () => {
  const { call, store } = serveObjects();
  for (let made = 0; made < 150; made++) {
    const tools = [{ type: 'function', function: { name: 'f', parameters: { default: null } } }];
    const reasoning = made % 2 === 0 ? {} : { reasoning_effort: 'low' };
    await call('assistants.create', { body: { model: 'gpt-4o', name: `${made}`, tools, ...reasoning } });
  }
  const attachments = [{ file_id: 'file-1', tools: [{ type: 'file_search' }, { type: 'code_interpreter' }] }];
  const messages = Array.from({ length: 250 }, (_, index) => ({
    role: 'user',
    content: `${index}`,
    attachments,
  }));
  const { id } = await call('threads.create', { body: { messages } });
  const exported = await exportAll(store, id);
  const other = createMemoryAssistantStore();
  assert.deepEqual(await importInto(other, exported), {
    assistants: { ...none, created: 150 },
    threads: { ...none, created: 1 },
    messages: { ...none, created: 250 },
  });
  assert.equal(await exportAll(other, id), exported);
  assert.deepEqual(await importInto(other, exported), {
    assistants: { ...none, unchanged: 150 },
    threads: { ...none, unchanged: 1 },
    messages: { ...none, unchanged: 250 },
  });
  const moved = serveObjects({ store: other });
  for (const operation of ['threads.retrieve', 'threads.messages.list']) {
    assert.deepEqual(await moved.call(operation, { ids: [id] }), await call(operation, { ids: [id] }));
  }
  assert.deepEqual(await moved.call('assistants.list'), await call('assistants.list'));
});

test('messages come in the order of their times, however a page had them', async () => {
  const asc = [messageOf('msg_1', 1), messageOf('msg_2', 1), messageOf('msg_3', 2)];
  const page = (data: unknown[]) => ({ object: 'list', data, has_more: false });
  const sameSecond = [messageOf('msg_2', 5), messageOf('msg_1', 5)];
  const rows = [
    [asc, ['msg_1', 'msg_2', 'msg_3']],
    [page(asc), ['msg_1', 'msg_2', 'msg_3']],
    [page(asc.toReversed()), ['msg_1', 'msg_2', 'msg_3']],
    [asc.toReversed(), ['msg_1', 'msg_2', 'msg_3']],
    [
      [asc[2], asc[0], messageOf('msg_4', 3)],
      ['msg_1', 'msg_3', 'msg_4'],
    ],
    [sameSecond, ['msg_2', 'msg_1']],
    [page(sameSecond), ['msg_1', 'msg_2']],
  ] as const;
  for (const [messages, expected] of rows) {
    const store = createMemoryAssistantStore();
    await importAll(store, [threadOf(messages)]);
    assert.deepEqual(await order(store), expected);
  }
});

test('only what differs is written again', async () => {
  const store = createMemoryAssistantStore();
  const messages = [messageOf('msg_1', 1), messageOf('msg_2', 2)];
  await importAll(store, [assistant, threadOf(messages)]);
  const changed = [messageOf('msg_1', 1, 'Hello world'), messages[1], messageOf('msg_3', 3)];
  assert.deepEqual(await importAll(store, [{ ...assistant, name: 'Bo' }, threadOf(changed)]), {
    assistants: { ...none, changed: 1 },
    threads: { ...none, unchanged: 1 },
    messages: { created: 1, changed: 1, unchanged: 1 },
  });
  const ids = ['msg_1', 'msg_2', 'msg_3'];
  assert.deepEqual(await order(store), ids);
  const documents = await store.get(threadPartition(acme.org, 'thread_1'), ids);
  assert.deepEqual(
    documents.map((document) => document?.version),
    [2, 1, 1],
  );
  assert.equal(messageIn(documents[0])?.tokens, 2);
});

test('messages of a run are found by it, and the answers of the API keep their annotations', async () => {
  const store = createMemoryAssistantStore();
  const annotation = {
    type: 'file_citation',
    text: '【0】',
    start_index: 0,
    end_index: 3,
    file_citation: { file_id: 'file-1', quote: 'x' },
  };
  const content = [{ type: 'text', text: { value: '【0】', annotations: [annotation] } }];
  const written = {
    ...messageOf('msg_1', 1),
    role: 'assistant',
    run_id: 'run_1',
    assistant_id: 'asst_1',
    content,
  };
  await importAll(store, [threadOf([written])]);
  const { data } = await serveObjects({ store }).call('threads.messages.list', {
    ids: ['thread_1'],
    query: 'run_id=run_1',
  });
  assert.deepEqual(data[0]?.['content'], content);
});

test('what is unfit is refused with a reason, and leaves nothing behind', async () => {
  const store = createMemoryAssistantStore();
  const rows: readonly [unknown, RegExp][] = [
    [undefined, /no JSON object/],
    [[], /no JSON object/],
    [{}, /neither an assistant nor a thread/],
    [{ object: 'file' }, /neither an assistant nor a thread/],
    [{ ...assistant, id: 'thread_1' }, /'id'.*pattern/],
    [{ ...assistant, id: '../x' }, /'id'.*pattern/],
    [{ ...assistant, id: undefined }, /'id'/],
    [{ ...assistant, created_at: 'now' }, /'created_at'/],
    [{ ...assistant, model: null }, /'model'/],
    [{ ...assistant, tools: [{ type: 'retrieval' }] }, /retrieval/],
    [threadOf('x'), /'messages'/],
    [threadOf([7]), /'messages\[0\]'/],
    [threadOf([{ ...messageOf('msg_1', 1), role: 'system' }]), /'system'/],
    [threadOf([{ ...messageOf('msg_1', 1), id: 'lock' }]), /'messages\[0\].id'.*pattern/],
  ];
  for (const [value, reason] of rows) await assert.rejects(importAll(store, [value]), reason);
  assert.equal(await exportAll(store), '');
  await assert.rejects(exportThread(store, acme.org, 'thread_1'), /No thread found/);
});

test('a thread on which a run is active is left alone', async () => {
  const store = createMemoryAssistantStore();
  await importAll(store, [threadOf([])]);
  const partition = threadPartition(acme.org, 'thread_1');
  await store.commit(partition, { puts: [{ id: lockId, body: '{"runId":"run_1"}' }] });
  await assert.rejects(importAll(store, [threadOf([messageOf('msg_1', 1)])]), /a run is active on thread_1/);
  assert.deepEqual(await order(store), []);
});
