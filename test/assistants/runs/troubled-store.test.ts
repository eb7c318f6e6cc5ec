import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type RunRecord, lists, lockId, threadPartition } from '../../../src/assistants/store/records.ts';
import type { AssistantStore } from '../../../src/assistants/store/store.ts';
import { StoreUnavailable } from '../../../src/store-unavailable.ts';
import { until } from '../../harness/redis.ts';
import { type World, openGrounds, org } from '../fuzz/world.ts';

async function worldWith(
  t: TestContext,
  disturb: (store: AssistantStore) => Partial<AssistantStore>,
): Promise<World> {
  const grounds = await openGrounds();
  t.after(() => grounds.close());
  const world = grounds.openWorld('memory', (store) => ({ ...store, ...disturb(store) }));
  t.after(() => world.close());
  return world;
}

async function startRun(world: World): Promise<readonly [threadId: string, runId: string]> {
  const assistant = await world.call('assistants.create', { body: { model: 'gpt-4o' } });
  const thread = { messages: [{ role: 'user', content: 'Hello' }] };
  const body = { assistant_id: assistant.value['id'], thread };
  const { value } = await world.call('threads.createAndRun', { body });
  return [String(value['thread_id']), String(value['id'])];
}

async function statusOf(world: World, ids: readonly string[]): Promise<unknown> {
  return (await world.call('threads.runs.retrieve', { ids })).value['status'];
}

test('a run whose messages can not be read can be cancelled, and gives its thread free', async (t) => {
  const world = await worldWith(t, (store) => ({
    async list(partition, list, page) {
      // As a body that was sealed with a key that is lost.
      if (list === lists.messages) throw new StoreUnavailable("the body of msg_1 can't be opened");
      return store.list(partition, list, page);
    },
  }));
  const ids = await startRun(world);
  assert.equal((await world.call('threads.runs.cancel', { ids })).status, 200);
  await until(async () => (await statusOf(world, ids)) === 'cancelled', 3000);
  assert.deepEqual(await world.store.get(threadPartition(org, ids[0]), [lockId]), [undefined]);
});

test('a cancellation that is written is answered, though nobody can be told of it', async (t) => {
  const world = await worldWith(t, () => ({
    async call() {
      throw new StoreUnavailable('no answer');
    },
  }));
  const ids = await startRun(world);
  await until(async () => (await statusOf(world, ids)) === 'completed', 3000);
  const partition = threadPartition(org, ids[0]);
  const [found] = await world.store.get(partition, [ids[1]]);
  const { run, ...rest } = JSON.parse(found!.body) as RunRecord;
  const elsewhere = { ...rest, run: { ...run, status: 'in_progress' }, owner: 'another pod' };
  await world.store.commit(partition, { puts: [{ id: ids[1], body: JSON.stringify(elsewhere) }] });
  const { status, value } = await world.call('threads.runs.cancel', { ids });
  assert.deepEqual([status, value['status']], [200, 'cancelling']);
});
