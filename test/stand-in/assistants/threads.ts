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
import { bodies } from './api-rules.ts';
import { checkValue } from './check-value.ts';
import { addMessage } from './messages.ts';
import type { ThreadEntry, ThreadState } from './thread-state.ts';
import { sevenDays, toToolResources } from './tool-resources.ts';

export function threadRoutes(threads: ThreadState, vectorStores: VectorStoreState): Route[] {
  return [
    {
      method: 'POST',
      path: '/threads',
      handle(call) {
        const body = call.json<ThreadCreateParams>();
        checkValue(bodies.createThread, body);
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
        const body = call.json<ThreadUpdateParams>();
        checkValue(bodies.updateThread, body);
        const { thread } = threads.find(call.params['thread_id']);
        if (body.metadata !== undefined) thread.metadata = body.metadata ?? {};
        const given = toToolResources(body.tool_resources, vectorStores, call.mint, sevenDays);
        thread.tool_resources = { ...thread.tool_resources, ...given };
        return json<Thread>(thread);
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
    tool_resources: toToolResources(body.tool_resources, vectorStores, mint, sevenDays),
  });
  for (const described of body.messages ?? []) addMessage(entry, described, vectorStores, mint);
  return entry;
}
