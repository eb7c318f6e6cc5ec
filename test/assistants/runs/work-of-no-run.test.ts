import assert from 'node:assert/strict';
import { test } from 'node:test';

import { threadPartition, workOf } from '../../../src/assistants/store/records.ts';
import { until } from '../../harness/redis.ts';
import { openGrounds, org } from '../fuzz/world.ts';

test('tool outputs for what is no run leave no work behind that the sidecar stumbles over', async (t) => {
  const grounds = await openGrounds();
  t.after(() => grounds.close());
  const world = grounds.openWorld('memory');
  t.after(() => world.close());
  const created = await world.call('threads.create', {
    body: { messages: [{ role: 'user', content: 'Hello' }] },
  });
  const threadId = String(created.value['id']);
  const { value } = await world.call('threads.messages.list', { ids: [threadId] });
  const messageId = String(value['first_id']);
  for (const id of [threadId, messageId]) {
    const body = { tool_outputs: [] };
    const told = await world.call('threads.runs.submitToolOutputs', { ids: [threadId, id], body });
    assert.equal(told.status, 404);
  }
  world.advance(60_000);
  assert.deepEqual(await world.store.claim(org, 1000, 10), []);
});

test('a run that nobody can read is told of, and the sidecar goes on', async (t) => {
  const grounds = await openGrounds();
  t.after(() => grounds.close());
  const world = grounds.openWorld('memory');
  t.after(() => world.close());
  const { store } = world;
  const puts = [{ id: 'run_broken', body: 'no JSON' }];
  await store.commit(threadPartition(org, 'thread_1'), { puts });
  await store.schedule(org, workOf('thread_1', 'run_broken'), 0);
  await until(async () => world.errors.length > 0);
  // Its lease is over, so it is tried again.
  world.advance(60_000);
  await until(async () => world.errors.length > 1);
  assert.ok(world.errors.every((error) => error instanceof SyntaxError));
});
