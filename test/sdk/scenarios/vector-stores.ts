import assert from 'node:assert/strict';

import { eventsOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

const fast = { pollIntervalMs: 20 };

export const vectorStoreScenarios: readonly Scenario[] = [
  {
    title: 'a vector store takes a file, shows and searches it, and is deleted',
    async run({ client, sdk }) {
      const { vectorStores } = client;
      const store = await vectorStores.create({ name: 'lore', metadata: { kind: 'test' } });
      const file = await sdk.toFile(Buffer.from('Dragons sleep in caves. Owls do not.'), 'lore.txt');
      const added = await vectorStores.files.uploadAndPoll(store.id, file, fast);
      assert.equal(added.status, 'completed');
      const inStore = { vector_store_id: store.id };
      const parts = await eventsOf(vectorStores.files.content(added.id, inStore));
      const found = await eventsOf(vectorStores.search(store.id, { query: 'dragons' }));
      assert.ok(found.length > 0);
      const same = await vectorStores.files.retrieve(added.id, inStore);
      const removed = await vectorStores.files.delete(added.id, inStore);
      const left = await eventsOf(vectorStores.files.list(store.id));
      return {
        store,
        added,
        parts,
        found,
        same,
        removed,
        left,
        deleted: await vectorStores.delete(store.id),
      };
    },
    async runWithFour({ client, sdk }) {
      const { vectorStores } = client;
      const store = await vectorStores.create({ name: 'lore', metadata: { kind: 'test' } });
      const file = await sdk.toFile(Buffer.from('Dragons sleep in caves. Owls do not.'), 'lore.txt');
      const added = await vectorStores.files.uploadAndPoll(store.id, file, fast);
      const parts = await eventsOf(vectorStores.files.content(store.id, added.id));
      const found = await eventsOf(vectorStores.search(store.id, { query: 'dragons' }));
      const same = await vectorStores.files.retrieve(store.id, added.id);
      const removed = await vectorStores.files.del(store.id, added.id);
      const left = await eventsOf(vectorStores.files.list(store.id));
      return { store, added, parts, found, same, removed, left, deleted: await vectorStores.del(store.id) };
    },
  },
  {
    title: 'a batch of files is added to a vector store',
    async run({ client, sdk }) {
      const store = await client.vectorStores.create({});
      const fileIds = [];
      for (const text of ['Rain', 'Sun']) {
        const file = await sdk.toFile(Buffer.from(text), `${text}.txt`);
        fileIds.push((await client.files.create({ file, purpose: 'assistants' })).id);
      }
      // Not `fileBatches.uploadAndPoll`: majors 4 to 6 let it sleep for 5 s, whatever the interval.
      const batch = await client.vectorStores.fileBatches.createAndPoll(
        store.id,
        { file_ids: fileIds },
        fast,
      );
      assert.equal(batch.file_counts.completed, 2);
      const listed = await eventsOf(client.vectorStores.files.list(store.id, { order: 'asc' }));
      return { batch, listed, changed: await client.vectorStores.update(store.id, { name: 'weather' }) };
    },
  },
  {
    title: 'vector stores come page by page',
    async run({ client }) {
      for (const name of ['a', 'b', 'c']) await client.vectorStores.create({ name });
      const listed = await eventsOf(client.vectorStores.list({ limit: 1, order: 'asc' }));
      assert.equal(listed.length, 3);
      return listed;
    },
  },
];
