import type { ThreadParams } from '../params/thread-params.ts';
import type { ThreadRecord } from '../store/records.ts';
import type { Put } from '../store/store.ts';
import type { Thread } from '../wire.ts';
import type { Caller, ObjectParts } from './object-parts.ts';
import { messagePut, type PrepareMessages } from './prepare-messages.ts';
import { createToolResources } from './tool-resources.ts';
import { sevenDays } from './vector-stores.ts';

export interface PreparedThread {
  readonly record: ThreadRecord;
  /** What writes all of it, in the partition of the thread. */
  readonly puts: readonly Put[];
}

export type PrepareThread = (caller: Caller, params: ThreadParams) => Promise<PreparedThread>;

/**
 * Makes a thread with its messages of what a caller wrote. Vector stores and files are dealt with upstream; nothing
 * is written to the store. Rejects with the upstream's error in the API's form.
 */
export function createPrepareThread(
  { calls, nowMs, newId }: ObjectParts,
  prepareMessages: PrepareMessages,
): PrepareThread {
  return async (caller, { messages = [], metadata = {}, tool_resources }) => {
    const opened: Thread = {
      id: newId('thread_'),
      object: 'thread',
      created_at: Math.floor(nowMs() / 1000),
      metadata,
      tool_resources: await createToolResources(calls, caller, tool_resources, sevenDays),
    };
    const { records, toolResources = opened.tool_resources } = await prepareMessages(
      caller,
      opened,
      messages,
    );
    const record: ThreadRecord = { thread: { ...opened, tool_resources: toolResources } };
    return {
      record,
      puts: [{ id: opened.id, body: JSON.stringify(record) }, ...records.map(messagePut)],
    };
  };
}
