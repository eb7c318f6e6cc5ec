import { ProxyError } from '../../errors.ts';
import { noSuch } from '../no-such.ts';
import type { MessageParams } from '../params/message-params.ts';
import { parseRecord, threadIn } from '../store/parse-record.ts';
import { untilCommitted } from '../store/read-write.ts';
import { lockId, type LockRecord, threadPartition, type ThreadRecord } from '../store/records.ts';
import type { Document, Put } from '../store/store.ts';
import type { Message } from '../wire.ts';
import { hasFiles } from './attachments.ts';
import type { Caller, ObjectParts } from './object-parts.ts';
import { createPrepareMessages, messagePut } from './prepare-messages.ts';

export type AddMessage = (caller: Caller, threadId: string, params: MessageParams) => Promise<Message>;

/** Adds a message at the end of a thread that no run has locked. Rejects with `no_such_object` or `thread_locked`. */
export function createAddMessage(parts: ObjectParts): AddMessage {
  const { store } = parts;
  const prepareMessages = createPrepareMessages(parts);

  /** The one that most messages take: a single round trip. */
  async function addPlain(caller: Caller, threadId: string, params: MessageParams): Promise<Message> {
    const partition = threadPartition(caller.identity.org, threadId);
    const { records } = await prepareMessages(caller, { id: threadId, tool_resources: null }, [params]);
    return untilCommitted(async () => {
      const { done } = await store.commit(partition, {
        conditions: [
          { id: threadId, is: 'present' },
          { id: lockId, is: 'absent' },
        ],
        puts: records.map(messagePut),
      });
      if (done) return records[0]!.message;
      checkFree(threadId, await store.get(partition, [threadId, lockId]));
      return undefined;
    });
  }

  /** The thread changes too: its tools see the files. */
  async function addWithFiles(caller: Caller, threadId: string, params: MessageParams): Promise<Message> {
    const partition = threadPartition(caller.identity.org, threadId);
    return untilCommitted(async () => {
      const documents = await store.get(partition, [threadId, lockId]);
      const { record, version } = checkFree(threadId, documents);
      const { thread } = record;
      const prepared = await prepareMessages(caller, thread, [params]);
      const { records, toolResources = thread.tool_resources } = prepared;
      const changed: ThreadRecord = { ...record, thread: { ...thread, tool_resources: toolResources } };
      const threadPut: Put = { id: threadId, body: JSON.stringify(changed) };
      const { done } = await store.commit(partition, {
        conditions: [
          { id: threadId, is: version },
          { id: lockId, is: 'absent' },
        ],
        puts: [threadPut, ...records.map(messagePut)],
      });
      return done ? records[0]!.message : undefined;
    });
  }

  return (caller, threadId, params) =>
    hasFiles(params) ? addWithFiles(caller, threadId, params) : addPlain(caller, threadId, params);
}

function checkFree(
  threadId: string,
  [thread, lock]: readonly (Document | undefined)[],
): { record: ThreadRecord; version: number } {
  const record = threadIn(thread);
  if (!thread || !record) throw noSuch('thread', threadId);
  if (lock) {
    const { runId } = parseRecord<LockRecord>(lock);
    throw new ProxyError('thread_locked', {
      message: `Can't add messages to ${threadId} while a run ${runId} is active.`,
    });
  }
  return { record, version: thread.version };
}
