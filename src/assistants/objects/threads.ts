import type { ApiHandler } from '../api-call.ts';
import { noSuch } from '../no-such.ts';
import { readParams } from '../params/read-params.ts';
import { threadParams, threadUpdateParams } from '../params/thread-params.ts';
import { parseRecord, threadIn } from '../store/parse-record.ts';
import { modify } from '../store/read-write.ts';
import { lockId, type LockRecord, threadPartition, type ThreadRecord, workOf } from '../store/records.ts';
import type { Deleted } from '../wire.ts';
import type { ObjectParts } from './object-parts.ts';
import { createPrepareMessages } from './prepare-messages.ts';
import { createPrepareThread } from './prepare-thread.ts';

/** The operations on threads. */
export function createThreadHandlers(parts: ObjectParts): Record<string, ApiHandler> {
  const { store } = parts;
  const prepareThread = createPrepareThread(parts, createPrepareMessages(parts));

  async function read(org: string, id: string): Promise<ThreadRecord> {
    const [document] = await store.get(threadPartition(org, id), [id]);
    const record = threadIn(document);
    if (!record) throw noSuch('thread', id);
    return record;
  }

  return {
    'threads.create': async (call) => {
      const { record, puts } = await prepareThread(call, readParams(threadParams, call.body));
      await store.commit(threadPartition(call.identity.org, record.thread.id), { puts });
      return { kind: 'object', value: record.thread };
    },

    'threads.retrieve': async ({ identity, ids: [id = ''] }) => {
      const { thread } = await read(identity.org, id);
      return { kind: 'object', value: thread };
    },

    'threads.update': async ({ identity, ids: [id = ''], body }) => {
      const { metadata, tool_resources } = readParams(threadUpdateParams, body);
      const changed = await modify<ThreadRecord>(store, threadPartition(identity.org, id), id, (record) => ({
        ...record,
        thread: {
          ...record.thread,
          metadata: metadata === undefined ? record.thread.metadata : (metadata ?? {}),
          tool_resources: { ...record.thread.tool_resources, ...tool_resources },
        },
      }));
      if (!changed) throw noSuch('thread', id);
      return { kind: 'object', value: changed.thread };
    },

    'threads.delete': async ({ identity, ids: [id = ''] }) => {
      const { org } = identity;
      const partition = threadPartition(org, id);
      const [thread, lock] = await store.get(partition, [id, lockId]);
      // Not every partition is a thread's.
      if (!threadIn(thread) || !(await store.drop(partition))) throw noSuch('thread', id);
      if (lock) {
        const { runId } = parseRecord<LockRecord>(lock);
        // Without it, who carries the run on would hear of it with the next thing that is to be written.
        await store.call(org, workOf(id, runId)).catch(() => {});
      }
      return {
        kind: 'object',
        value: { id, object: 'thread.deleted', deleted: true } satisfies Deleted,
      };
    },
  };
}
