import type { ApiCall, ApiHandler } from '../api-call.ts';
import { noSuch } from '../no-such.ts';
import { messageParams, messageUpdateParams } from '../params/message-params.ts';
import { readParams } from '../params/read-params.ts';
import { messageIn, parseRecord, threadIn } from '../store/parse-record.ts';
import { modify } from '../store/read-write.ts';
import { lists, type MessageRecord, threadPartition } from '../store/records.ts';
import type { Deleted, Message } from '../wire.ts';
import { createAddMessage } from './add-message.ts';
import type { ObjectParts } from './object-parts.ts';
import { readList, readPageRequest } from './pages.ts';

/** The operations on messages. */
export function createMessageHandlers(parts: ObjectParts): Record<string, ApiHandler> {
  const { store } = parts;
  const addMessage = createAddMessage(parts);

  async function read({ identity, ids: [threadId = '', id = ''] }: ApiCall): Promise<Message> {
    const [thread, document] = await store.get(threadPartition(identity.org, threadId), [threadId, id]);
    if (!threadIn(thread)) throw noSuch('thread', threadId);
    const record = messageIn(document);
    if (!record) throw noSuch('message', id);
    return record.message;
  }

  return {
    'threads.messages.create': async (call) => {
      const message = await addMessage(call, call.ids[0] ?? '', readParams(messageParams, call.body));
      return { kind: 'object', value: message };
    },

    'threads.messages.retrieve': async (call) => ({ kind: 'object', value: await read(call) }),

    'threads.messages.update': async (call) => {
      const { metadata } = readParams(messageUpdateParams, call.body);
      const before = await read(call);
      if (metadata === undefined) return { kind: 'object', value: before };
      const partition = threadPartition(call.identity.org, before.thread_id);
      const changed = await modify<MessageRecord>(store, partition, before.id, (record) => ({
        ...record,
        message: { ...record.message, metadata: metadata ?? {} },
      }));
      if (!changed) throw noSuch('message', before.id);
      return { kind: 'object', value: changed.message };
    },

    'threads.messages.list': async ({ identity, ids: [threadId = ''], query }) => {
      const runId = query.get('run_id');
      const source = {
        partition: threadPartition(identity.org, threadId),
        list: runId ? lists.messagesOf(runId) : lists.messages,
        kind: 'message' as const,
        threadId,
      };
      const value = await readList(store, source, readPageRequest(query), (document) => {
        return parseRecord<MessageRecord>(document).message;
      });
      return { kind: 'object', value };
    },

    'threads.messages.delete': async (call) => {
      const { id, thread_id } = await read(call);
      const { done } = await store.commit(threadPartition(call.identity.org, thread_id), {
        conditions: [{ id, is: 'present' }],
        deletes: [id],
      });
      if (!done) throw noSuch('message', id);
      return {
        kind: 'object',
        value: { id, object: 'thread.message.deleted', deleted: true } satisfies Deleted,
      };
    },
  };
}
