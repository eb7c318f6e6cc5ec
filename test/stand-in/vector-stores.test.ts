import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NotFoundError, toFile } from 'openai';

import { stoppedClock, withStandIn } from './with-stand-in.ts';

const POLL = { pollIntervalMs: 10 };
const text = (content: string, name: string) => toFile(Buffer.from(content), name);

test('a file is uploaded, processed, searched and removed', async (t) => {
  const { client } = await withStandIn(t);
  const store = await client.vectorStores.create({ name: 'Bestiary' });
  const file = await client.vectorStores.files.uploadAndPoll(
    store.id,
    await text('Brown dragons live in deserts.', 'dragons.txt'),
    POLL,
  );
  assert.equal(file.status, 'completed');
  const inStore = { vector_store_id: store.id };
  const changed = await client.vectorStores.files.update(file.id, { ...inStore, attributes: { year: 2026 } });
  assert.deepEqual(changed.attributes, { year: 2026 });

  const found = await client.vectorStores.search(store.id, { query: 'Where do dragons live?' });
  assert.equal(found.data[0]?.file_id, file.id);
  assert.deepEqual(found.data[0]?.attributes, { year: 2026 });
  assert.deepEqual((await client.vectorStores.search(store.id, { query: 'submarine' })).data, []);
  const content = await client.vectorStores.files.content(file.id, inStore);
  assert.equal(content.data[0]?.text, 'Brown dragons live in deserts.');

  assert.equal((await client.vectorStores.retrieve(store.id)).file_counts.completed, 1);
  await client.vectorStores.files.delete(file.id, inStore);
  assert.equal((await client.vectorStores.files.list(store.id)).data.length, 0);
  await assert.rejects(client.vectorStores.files.retrieve(file.id, inStore), NotFoundError);
});

test('a batch of files is processed in time', async (t) => {
  const { client } = await withStandIn(t);
  const store = await client.vectorStores.create({});
  const files = [await text('one', '1.txt'), await text('two', '2.txt')];
  const done = await client.vectorStores.fileBatches.uploadAndPoll(store.id, { files }, POLL);
  assert.equal(done.status, 'completed');
  assert.equal(done.file_counts.completed, 2);
  const members = await client.vectorStores.fileBatches.listFiles(done.id, { vector_store_id: store.id });
  assert.equal(members.data.length, 2);
});

test('a batch of files can be cancelled while it is processed', async (t) => {
  const { client } = await withStandIn(t, stoppedClock());
  const store = await client.vectorStores.create({});
  const inStore = { vector_store_id: store.id };
  const file = await client.files.create({ file: await text('three', '3.txt'), purpose: 'assistants' });
  const batch = await client.vectorStores.fileBatches.create(store.id, { file_ids: [file.id] });
  assert.equal(batch.status, 'in_progress');
  const cancelled = await client.vectorStores.fileBatches.cancel(batch.id, inStore);
  assert.equal(cancelled.status, 'cancelled');
  assert.equal((await client.vectorStores.fileBatches.retrieve(batch.id, inStore)).status, 'cancelled');
  const listed = await client.vectorStores.files.list(store.id, { filter: 'cancelled' });
  assert.equal(listed.data.length, 1);
});

test('stores are listed forwards and backwards, changed and deleted', async (t) => {
  const { client } = await withStandIn(t);
  for (const name of ['a', 'b', 'c', 'd']) await client.vectorStores.create({ name });
  const names: string[] = [];
  for await (const { name } of client.vectorStores.list({ limit: 3, order: 'asc' })) names.push(name);
  assert.deepEqual(names, ['a', 'b', 'c', 'd']);
  const all = (await client.vectorStores.list()).data;
  const before = await client.vectorStores.list({ before: all[3]?.id ?? '', limit: 2 });
  assert.deepEqual(
    before.data.map(({ name }) => name),
    ['c', 'b'],
  );
  assert.equal(before.has_more, true);
  const [store] = all;
  assert.ok(store);
  assert.equal((await client.vectorStores.update(store.id, { name: 'z' })).name, 'z');
  assert.equal((await client.vectorStores.delete(store.id)).deleted, true);
  await assert.rejects(client.vectorStores.retrieve(store.id), NotFoundError);
});

test('a response can search a store and cites what it found', async (t) => {
  const { client } = await withStandIn(t);
  const file = await client.files.create({
    file: await text('Dragons sleep in caves.', 'dragons.txt'),
    purpose: 'assistants',
  });
  const store = await client.vectorStores.create({ file_ids: [file.id] });
  const stream = client.responses.stream({
    model: 'gpt-4o',
    input: 'Where? [[search:dragons]]',
    tools: [{ type: 'file_search', vector_store_ids: [store.id] }],
    include: ['file_search_call.results'],
  });
  const response = await stream.finalResponse();
  const [search, message] = response.output;
  assert.ok(search?.type === 'file_search_call');
  assert.equal(search.results?.[0]?.text, 'Dragons sleep in caves.');
  const [part] = message?.type === 'message' ? message.content : [];
  const [citation] = part?.type === 'output_text' ? part.annotations : [];
  assert.equal(citation?.type === 'file_citation' && citation.file_id, file.id);
});
