import type {
  Message,
  MessageCreateParams,
  MessageDeleted,
  MessageUpdateParams,
} from 'openai/resources/beta/threads/messages';

import { ApiError, missing, noSuch } from '../api-error.ts';
import type { Call } from '../call.ts';
import { paginate, type Page } from '../list.ts';
import type { Mint } from '../mint.ts';
import { json } from '../reply.ts';
import type { Route } from '../router.ts';
import { activeRun, type ThreadState } from './thread-state.ts';

export function messageRoutes(threads: ThreadState): Route[] {
  const find = ({ params }: Call) => {
    const entry = threads.find(params['thread_id']);
    const message = entry.messages.get(params['message_id'] ?? '');
    if (!message) throw noSuch('message', params['message_id'] ?? '');
    return { entry, message };
  };
  return [
    {
      method: 'POST',
      path: '/threads/{thread_id}/messages',
      handle(call) {
        const entry = threads.find(call.params['thread_id']);
        const active = activeRun(entry);
        if (active) {
          throw new ApiError(
            400,
            `Can't add messages to ${entry.thread.id} while a run ${active.id} is active.`,
          );
        }
        const message = toMessage(call.json<MessageCreateParams>(), entry.thread.id, call.mint);
        entry.messages.set(message.id, message);
        return json<Message>(message);
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/messages',
      handle({ params, query }) {
        const all = [...threads.find(params['thread_id']).messages.values()];
        const runId = query.get('run_id');
        const wanted = runId ? all.filter((message) => message.run_id === runId) : all;
        return json<Page<Message>>(paginate(wanted, query));
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/messages/{message_id}',
      handle: (call) => json<Message>(find(call).message),
    },
    {
      method: 'POST',
      path: '/threads/{thread_id}/messages/{message_id}',
      handle(call) {
        const { entry, message } = find(call);
        const { metadata } = call.json<Omit<MessageUpdateParams, 'thread_id'>>();
        const changed: Message = { ...message, metadata: metadata ?? {} };
        entry.messages.set(message.id, changed);
        return json<Message>(changed);
      },
    },
    {
      method: 'DELETE',
      path: '/threads/{thread_id}/messages/{message_id}',
      handle(call) {
        const { entry, message } = find(call);
        entry.messages.delete(message.id);
        return json<MessageDeleted>({ id: message.id, object: 'thread.message.deleted', deleted: true });
      },
    },
  ];
}

/** A message as its author wrote it. */
export function toMessage(body: MessageCreateParams, threadId: string, mint: Mint): Message {
  if (!body.role) throw missing('role');
  if (body.content === undefined) throw missing('content');
  const parts =
    typeof body.content === 'string' ? [{ type: 'text' as const, text: body.content }] : body.content;
  return {
    id: mint.id('msg_', 24),
    object: 'thread.message',
    created_at: mint.seconds(),
    assistant_id: null,
    thread_id: threadId,
    run_id: null,
    status: 'completed',
    incomplete_details: null,
    incomplete_at: null,
    completed_at: null,
    role: body.role,
    content: parts.map((part) =>
      part.type === 'text' ? { type: 'text', text: { value: part.text, annotations: [] } } : part,
    ),
    attachments: body.attachments ?? [],
    metadata: body.metadata ?? {},
  };
}

export function messageText(message: Message): string {
  return message.content
    .map((part) => {
      if (part.type === 'text') return part.text.value;
      return part.type === 'refusal' ? part.refusal : `[${part.type}]`;
    })
    .join('\n');
}
