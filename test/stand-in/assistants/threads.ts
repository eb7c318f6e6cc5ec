import type {
  Thread,
  ThreadCreateParams,
  ThreadDeleted,
  ThreadUpdateParams,
} from 'openai/resources/beta/threads/threads';

import type { Mint } from '../mint.ts';
import { json } from '../reply.ts';
import type { Route } from '../router.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import { toMessage } from './messages.ts';
import type { ThreadEntry, ThreadState } from './thread-state.ts';
import { toToolResources } from './tool-resources.ts';

export function threadRoutes(threads: ThreadState, vectorStores: VectorStoreState): Route[] {
  return [
    {
      method: 'POST',
      path: '/threads',
      handle(call) {
        const body = call.json<ThreadCreateParams>();
        return json<Thread>(openThread(threads, vectorStores, body, call.mint).thread);
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}',
      handle: ({ params }) => json<Thread>(threads.find(params['thread_id']).thread),
    },
    {
      method: 'POST',
      path: '/threads/{thread_id}',
      handle(call) {
        const entry = threads.find(call.params['thread_id']);
        const { metadata, tool_resources } = call.json<ThreadUpdateParams>();
        if (metadata !== undefined) entry.thread.metadata = metadata;
        if (tool_resources) {
          entry.thread.tool_resources = toToolResources(tool_resources, vectorStores, call.mint);
        }
        return json<Thread>(entry.thread);
      },
    },
    {
      method: 'DELETE',
      path: '/threads/{thread_id}',
      handle({ params }) {
        const { id } = threads.find(params['thread_id']).thread;
        threads.delete(id);
        return json<ThreadDeleted>({ id, object: 'thread.deleted', deleted: true });
      },
    },
  ];
}

export function openThread(
  threads: ThreadState,
  vectorStores: VectorStoreState,
  body: ThreadCreateParams,
  mint: Mint,
): ThreadEntry {
  const entry = threads.add({
    id: mint.id('thread_', 24),
    object: 'thread',
    created_at: mint.seconds(),
    metadata: body.metadata ?? {},
    tool_resources: toToolResources(body.tool_resources, vectorStores, mint),
  });
  for (const described of body.messages ?? []) {
    const message = toMessage(described, entry.thread.id, mint);
    entry.messages.set(message.id, message);
  }
  return entry;
}
