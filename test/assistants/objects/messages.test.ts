import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lists, lockId, threadPartition } from '../../../src/assistants/store/records.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';
import { acme, nowSeconds, type ServedObjects, serveObjects, watched } from './serve-objects.ts';

const hello = { role: 'user', content: 'Hello' };

async function lock({ store }: ServedObjects, threadId: string, runId: string): Promise<void> {
  const puts = [{ id: lockId, body: JSON.stringify({ runId }) }];
  await store.commit(threadPartition(acme.org, threadId), { puts });
}

test('a message is answered as it was written, with the defaults of the API', async () => {
  const { call } = serveObjects();
  const { id: threadId } = await call('threads.create');
  const message = await call('threads.messages.create', { ids: [threadId], body: hello });
  assert.match(message.id, /^msg_[A-Za-z0-9]{24}$/);
  const expected = {
    id: message.id,
    object: 'thread.message',
    created_at: nowSeconds,
    assistant_id: null,
    thread_id: threadId,
    run_id: null,
    status: 'completed',
    incomplete_details: null,
    incomplete_at: null,
    completed_at: null,
    role: 'user',
    content: [{ type: 'text', text: { value: 'Hello', annotations: [] } }],
    attachments: [],
    metadata: {},
  };
  assert.deepEqual(message, expected);
  assert.deepEqual(await call('threads.messages.retrieve', { ids: [threadId, message.id] }), expected);
});

test('the parts of a message keep their order, and images have a detail', async () => {
  const { call } = serveObjects();
  const { id } = await call('threads.create');
  const content = [
    { type: 'text', text: 'Look' },
    { type: 'image_file', image_file: { file_id: 'file-1' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
  ];
  const message = await call('threads.messages.create', { ids: [id], body: { role: 'assistant', content } });
  assert.deepEqual(message['content'], [
    { type: 'text', text: { value: 'Look', annotations: [] } },
    { type: 'image_file', image_file: { file_id: 'file-1', detail: 'auto' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
  ]);
});

test('a message is one round trip to the store', async () => {
  const { store, calls } = watched(createMemoryAssistantStore());
  const { call } = serveObjects({ store });
  const { id } = await call('threads.create');
  calls.length = 0;
  await call('threads.messages.create', { ids: [id], body: hello });
  assert.deepEqual(calls, ['commit']);
});

test('an active run locks its thread for messages, but not for reading or changing them', async () => {
  const served = serveObjects();
  const { call, refusal } = served;
  const { id } = await call('threads.create', { body: { messages: [hello] } });
  await lock(served, id, 'run_1');
  const expected = [400, `Can't add messages to ${id} while a run run_1 is active.`, null, null];
  assert.deepEqual(await refusal('threads.messages.create', { ids: [id], body: hello }), expected);
  const attachments = [{ file_id: 'file-1', tools: [{ type: 'code_interpreter' }] }];
  const withFile = { ...hello, attachments };
  assert.deepEqual(await refusal('threads.messages.create', { ids: [id], body: withFile }), expected);
  const { data } = await call('threads.messages.list', { ids: [id] });
  assert.equal(data.length, 1);
  const ids = [id, String(data[0]?.['id'])];
  const changed = await call('threads.messages.update', { ids, body: { metadata: { a: 'b' } } });
  assert.deepEqual(changed['metadata'], { a: 'b' });
  assert.equal((await call('threads.messages.delete', { ids }))['deleted'], true);
});

test('a run that ends while its lock is looked at is no reason to refuse', async () => {
  const memory = createMemoryAssistantStore();
  let attempts = 0;
  // The first attempt finds a lock that is gone when it is looked at.
  const { store } = watched(memory, async (partition, { conditions = [] }) => {
    if (!conditions.some(({ id }) => id === lockId)) return;
    attempts += 1;
    const locking = { puts: [{ id: lockId, body: '{"runId":"run_1"}' }] };
    await memory.commit(partition, attempts === 1 ? locking : {});
  });
  const { call } = serveObjects({
    store: {
      ...store,
      async get(partition, ids) {
        await memory.commit(partition, { deletes: [lockId] });
        return store.get(partition, ids);
      },
    },
  });
  const { id } = await call('threads.create');
  await call('threads.messages.create', { ids: [id], body: hello });
  assert.equal(attempts, 2);
  assert.equal((await call('threads.messages.list', { ids: [id] })).data.length, 1);
});

test('messages are listed by the run that wrote them', async () => {
  const { call, store } = serveObjects();
  const { id: threadId } = await call('threads.create', { body: { messages: [hello] } });
  const message = { id: 'msg_1', object: 'thread.message', thread_id: threadId, run_id: 'run_1' };
  const body = JSON.stringify({ message, tokens: 1 });
  const puts = [{ id: 'msg_1', body, lists: [lists.messages, lists.messagesOf('run_1')] }];
  await store.commit(threadPartition(acme.org, threadId), { puts });
  const list = async (query: string) =>
    (await call('threads.messages.list', { ids: [threadId], query })).data.map(({ run_id }) => run_id);
  assert.deepEqual(await list(''), ['run_1', null]);
  assert.deepEqual(await list('run_id=run_1'), ['run_1']);
  assert.deepEqual(await list('run_id=run_2'), []);
});

test('what else is in the thread passes for no message', async () => {
  const served = serveObjects();
  const { call, refusal } = served;
  const { id } = await call('threads.create');
  await lock(served, id, 'run_1');
  for (const other of [id, lockId, 'msg_x', '__proto__', '']) {
    const expected = [404, `No message found with id '${other}'.`, null, null];
    for (const operation of ['retrieve', 'update', 'delete']) {
      const body = { metadata: { a: 'b' } };
      assert.deepEqual(await refusal(`threads.messages.${operation}`, { ids: [id, other], body }), expected);
    }
  }
  assert.deepEqual(await refusal('threads.messages.list', { ids: [id], query: `after=${lockId}` }), [
    404,
    `No message found with id '${lockId}'.`,
    null,
    null,
  ]);
  assert.equal((await call('threads.retrieve', { ids: [id] })).id, id);
});

test('an id is quoted in part only', async () => {
  const { refusal } = serveObjects();
  const [, message] = await refusal('threads.retrieve', { ids: ['x'.repeat(10_000)] });
  assert.equal(message, `No thread found with id '${'x'.repeat(64)}...'.`);
});

test('metadata of a message is replaced as a whole, and stays without being named', async () => {
  const { call } = serveObjects();
  const { id: threadId } = await call('threads.create');
  const body = { ...hello, metadata: { a: '1' } };
  const { id } = await call('threads.messages.create', { ids: [threadId], body });
  const update = async (changes: object) =>
    (await call('threads.messages.update', { ids: [threadId, id], body: changes }))['metadata'];
  assert.deepEqual(await update({}), { a: '1' });
  assert.deepEqual(await update({ metadata: { b: '2' } }), { b: '2' });
  assert.deepEqual(await update({ metadata: null }), {});
});

test('changes that are made at the same time are all there at the end', async () => {
  const { call } = serveObjects();
  const { id } = await call('threads.create');
  const attach = (index: number) =>
    call('threads.messages.create', {
      ids: [id],
      body: { ...hello, attachments: [{ file_id: `file-${index}`, tools: [{ type: 'code_interpreter' }] }] },
    });
  await Promise.all([
    ...Array.from({ length: 8 }, (_, index) => attach(index)),
    call('threads.update', { ids: [id], body: { metadata: { a: 'b' } } }),
  ]);
  const thread = await call('threads.retrieve', { ids: [id] });
  const { code_interpreter } = thread['tool_resources'] as { code_interpreter: { file_ids: string[] } };
  assert.deepEqual(
    code_interpreter.file_ids.toSorted(),
    Array.from({ length: 8 }, (_, index) => `file-${index}`),
  );
  assert.deepEqual(thread['metadata'], { a: 'b' });
  assert.equal((await call('threads.messages.list', { ids: [id] })).data.length, 8);
});
