import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  RunLost,
  RunReleased,
  type RunWriter,
  createRunWriter,
} from '../../../src/assistants/runs/run-writer.ts';
import { type MessageRecord, type RunRecord, lists, lockId } from '../../../src/assistants/store/records.ts';
import type { AssistantStore } from '../../../src/assistants/store/store.ts';
import type { Message, Run, RunStatus } from '../../../src/assistants/wire.ts';
import { StoreUnavailable } from '../../../src/store-unavailable.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';

const partition = { org: 'acme', name: 'thread_1' };
const run = { id: 'run_1', thread_id: 'thread_1', status: 'in_progress', metadata: {} } as unknown as Run;
const record = { run, owner: 'pod-a' } as RunRecord;

async function startWriter(): Promise<{ store: AssistantStore; writer: RunWriter }> {
  const store = createMemoryAssistantStore(() => 0);
  const lock = { id: lockId, body: '{"runId":"run_1"}' };
  await store.commit(partition, { puts: [{ id: run.id, body: JSON.stringify(record) }, lock] });
  const { signal } = new AbortController();
  return { store, writer: createRunWriter({ store, org: 'acme', record, version: 1, signal }) };
}

/** As another pod, or a request, would do it. */
async function change(store: AssistantStore, id: string, changed: object): Promise<void> {
  await store.commit(partition, { puts: [{ id, body: JSON.stringify(changed) }] });
}

async function stored<Content>(store: AssistantStore, id: string): Promise<Content | undefined> {
  const [found] = await store.get(partition, [id]);
  return found && (JSON.parse(found.body) as Content);
}

const inStatus = (status: RunStatus) => (before: RunRecord) => ({
  ...before,
  run: { ...before.run, status },
});
const message = (status: string, metadata = {}) =>
  ({ message: { id: 'msg_1', status, metadata } as unknown as Message, tokens: 1 }) satisfies MessageRecord;
const put = (content: MessageRecord) => ({
  id: 'msg_1',
  body: JSON.stringify(content),
  lists: [lists.messages],
});

test('what applications change of a run meanwhile is kept', async () => {
  const { store, writer } = await startWriter();
  await change(store, run.id, { ...record, run: { ...run, metadata: { user: 'u' } } });
  assert.equal(await writer.save(inStatus('completed')), true);
  assert.deepEqual((await stored<RunRecord>(store, run.id))!.run, {
    ...run,
    status: 'completed',
    metadata: { user: 'u' },
  });
});

test('a run that ends gives its thread free, in the same step', async () => {
  const { store, writer } = await startWriter();
  await writer.save(inStatus('requires_action'));
  assert.ok(await stored(store, lockId));
  await writer.save(inStatus('failed'));
  assert.equal(await stored(store, lockId), undefined);
});

test('a change that has become impossible is not made', async () => {
  const { store, writer } = await startWriter();
  await change(store, run.id, inStatus('cancelling')(record));
  const isSaved = await writer.save((before) =>
    before.run.status === 'in_progress' ? inStatus('completed')(before) : undefined,
  );
  assert.equal(isSaved, false);
  assert.equal(writer.record.run.status, 'cancelling');
});

test('a run that another pod has taken over can not be written any more', async () => {
  const { store, writer } = await startWriter();
  await change(store, run.id, { ...record, owner: 'pod-b' });
  await assert.rejects(writer.save(inStatus('completed')), RunLost);
  assert.equal((await stored<RunRecord>(store, run.id))!.run.status, 'in_progress');
});

test('a run whose thread was deleted is not written into being again', async () => {
  const { store, writer } = await startWriter();
  await store.drop(partition);
  await assert.rejects(writer.save(inStatus('completed'), [put(message('completed'))]), RunLost);
  assert.equal(await stored(store, run.id), undefined);
});

test('what applications change of a message while it is written is kept', async () => {
  const { store, writer } = await startWriter();
  await writer.save((before) => before, [put(message('in_progress'))]);
  await change(store, 'msg_1', message('in_progress', { seen: 'yes' }));
  await writer.save(inStatus('completed'), [{ ...put(message('completed')), writtenAs: 1 }]);
  assert.deepEqual(await stored(store, 'msg_1'), message('completed', { seen: 'yes' }));
});

test('a message that was deleted while it was written stays deleted', async () => {
  const { store, writer } = await startWriter();
  await writer.save((before) => before, [put(message('in_progress'))]);
  await store.commit(partition, { deletes: ['msg_1'] });
  assert.equal(
    await writer.save(inStatus('completed'), [{ ...put(message('completed')), writtenAs: 1 }]),
    true,
  );
  assert.equal(await stored(store, 'msg_1'), undefined);
});

test('a message that begins and ends in one step is written as it ends, in its lists', async () => {
  const { store, writer } = await startWriter();
  const ended = { ...put(message('completed')), lists: [], writtenAs: 1 };
  await writer.save(inStatus('completed'), [
    put(message('in_progress')),
    { ...ended, lists: [lists.messages] },
  ]);
  assert.deepEqual(await stored(store, 'msg_1'), message('completed'));
  const page = await store.list(partition, lists.messages, { limit: 5, order: 'asc' });
  assert.deepEqual(
    page?.documents.map(({ id, version }) => [id, version]),
    [['msg_1', 1]],
  );
});

test('writes are made one after another, each on what the one before has written', async () => {
  const { store, writer } = await startWriter();
  const turn = (callId: string) => (before: RunRecord) => ({
    ...before,
    turns: [...(before.turns ?? []), { type: 'output' as const, callId, output: '' }],
  });
  await Promise.all(['a', 'b', 'c'].map((id) => writer.save(turn(id))));
  const { turns } = (await stored<RunRecord>(store, run.id))!;
  assert.deepEqual(
    turns.map((one) => one.type === 'output' && one.callId),
    ['a', 'b', 'c'],
  );
});

test('a store that can be read but not written is not asked without a pause', async () => {
  const { store } = await startWriter();
  const isFullUntilMs = performance.now() + 300;
  let asked = 0;
  const full: AssistantStore = {
    ...store,
    async commit(...written) {
      asked += 1;
      if (performance.now() < isFullUntilMs) throw new StoreUnavailable('the disk is full');
      return store.commit(...written);
    },
  };
  const { signal } = new AbortController();
  const writer = createRunWriter({ store: full, org: 'acme', record, version: 1, signal });
  assert.equal(await writer.save(inStatus('completed')), true);
  assert.ok(asked < 10, `asked ${asked} times`);
});

test('a store that can be read but not written is left in peace once the pod lets go of the run', async () => {
  const { store } = await startWriter();
  const full: AssistantStore = {
    ...store,
    async commit() {
      throw new StoreUnavailable('the disk is full');
    },
  };
  const letGo = new AbortController();
  setTimeout(() => letGo.abort(), 100);
  const writer = createRunWriter({ store: full, org: 'acme', record, version: 1, signal: letGo.signal });
  await assert.rejects(writer.save(inStatus('completed')), RunReleased);
});
