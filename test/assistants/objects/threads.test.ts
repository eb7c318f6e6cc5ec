import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assistantsOf, lists } from '../../../src/assistants/store/records.ts';
import { acme, nowSeconds, serveObjects } from './serve-objects.ts';

test('a thread can be created with nothing at all', async () => {
  const { call } = serveObjects();
  const thread = await call('threads.create');
  assert.match(thread.id, /^thread_[A-Za-z0-9]{24}$/);
  const expected = {
    id: thread.id,
    object: 'thread',
    created_at: nowSeconds,
    metadata: {},
    tool_resources: {},
  };
  assert.deepEqual(thread, expected);
  assert.deepEqual(await call('threads.retrieve', { ids: [thread.id] }), expected);
  assert.deepEqual((await call('threads.messages.list', { ids: [thread.id] })).data, []);
});

test('a thread keeps the messages that it was created with in their order', async () => {
  const { call } = serveObjects();
  const contents = ['one', 'two', 'three'];
  const body = { messages: contents.map((content) => ({ role: 'user', content })), metadata: { a: 'b' } };
  const thread = await call('threads.create', { body });
  const { data } = await call('threads.messages.list', { ids: [thread.id], query: 'order=asc' });
  assert.deepEqual(
    data.map(({ content }) => content),
    contents.map((value) => [{ type: 'text', text: { value, annotations: [] } }]),
  );
  assert.deepEqual(thread['metadata'], { a: 'b' });
});

test('an update replaces the metadata, and the tool resources that it names', async () => {
  const { call } = serveObjects();
  const code_interpreter = { file_ids: ['file-1'] };
  const { id } = await call('threads.create', {
    body: { metadata: { a: '1' }, tool_resources: { code_interpreter } },
  });
  const update = (body: object) => call('threads.update', { ids: [id], body });
  const file_search = { vector_store_ids: ['vs_1'] };
  const changed = await update({ metadata: { b: '2' }, tool_resources: { file_search } });
  assert.deepEqual(changed['metadata'], { b: '2' });
  assert.deepEqual(changed['tool_resources'], { code_interpreter, file_search });
  assert.deepEqual(await update({}), changed);
  assert.deepEqual(await update({ metadata: null }), { ...changed, metadata: {} });
});

test('a deleted thread takes its messages along', async () => {
  const { call, refusal } = serveObjects();
  const { id } = await call('threads.create', { body: { messages: [{ role: 'user', content: 'Hi' }] } });
  assert.deepEqual(await call('threads.delete', { ids: [id] }), {
    id,
    object: 'thread.deleted',
    deleted: true,
  });
  const gone = [404, `No thread found with id '${id}'.`, null, null];
  const message = { role: 'user', content: 'Hi' };
  assert.deepEqual(await refusal('threads.retrieve', { ids: [id] }), gone);
  assert.deepEqual(await refusal('threads.update', { ids: [id] }), gone);
  assert.deepEqual(await refusal('threads.delete', { ids: [id] }), gone);
  assert.deepEqual(await refusal('threads.messages.list', { ids: [id] }), gone);
  assert.deepEqual(await refusal('threads.messages.list', { ids: [id], query: 'after=msg_x' }), gone);
  assert.deepEqual(await refusal('threads.messages.create', { ids: [id], body: message }), gone);
  assert.deepEqual(await refusal('threads.messages.retrieve', { ids: [id, 'msg_x'] }), gone);
});

test('no name of anything else passes for a thread', async () => {
  const { call, refusal, store } = serveObjects();
  const { id } = await call('assistants.create', { body: { model: 'gpt-4o' } });
  // The partition of all assistants has a name, too.
  for (const name of ['assistants', 'files', id, '']) {
    for (const operation of ['threads.retrieve', 'threads.delete']) {
      assert.equal((await refusal(operation, { ids: [name] }))[0], 404);
    }
  }
  const page = await store.list(assistantsOf(acme.org), lists.assistants, { limit: 1, order: 'asc' });
  assert.equal(page?.documents[0]?.id, id);
});
