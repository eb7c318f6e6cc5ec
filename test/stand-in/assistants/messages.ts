import type {
  Message,
  MessageContent,
  MessageContentPartParam,
  MessageCreateParams,
  MessageDeleted,
  MessageUpdateParams,
} from 'openai/resources/beta/threads/messages';

import { ApiError } from '../api-error.ts';
import type { Call } from '../call.ts';
import type { Page } from '../list.ts';
import type { Mint } from '../mint.ts';
import { json } from '../reply.ts';
import type { Route } from '../router.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import { bodies } from './api-rules.ts';
import { checkValue } from './check-value.ts';
import { noneFound } from './find-errors.ts';
import { listObjects } from './list-objects.ts';
import { activeRun, type ThreadEntry, type ThreadState } from './thread-state.ts';
import { attachFiles } from './tool-resources.ts';

export function messageRoutes(threads: ThreadState, vectorStores: VectorStoreState): Route[] {
  const find = ({ params }: Call) => {
    const entry = threads.find(params['thread_id']);
    const message = entry.messages.get(params['message_id'] ?? '');
    if (!message) throw noneFound('message', params['message_id'] ?? '');
    return { entry, message };
  };
  return [
    {
      method: 'POST',
      path: '/threads/{thread_id}/messages',
      handle(call) {
        const body = call.json<MessageCreateParams>();
        checkValue(bodies.createMessage, body);
        const entry = threads.find(call.params['thread_id']);
        const active = activeRun(entry);
        if (active) {
          throw new ApiError(
            400,
            `Can't add messages to ${entry.thread.id} while a run ${active.id} is active.`,
          );
        }
        return json<Message>(addMessage(entry, body, vectorStores, call.mint));
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/messages',
      handle({ params, query }) {
        const runId = query.get('run_id');
        const wanted = () => {
          const all = [...threads.find(params['thread_id']).messages.values()];
          return runId ? all.filter((message) => message.run_id === runId) : all;
        };
        return json<Page<Message>>(listObjects('message', query, wanted));
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
        const body = call.json<Omit<MessageUpdateParams, 'thread_id'>>();
        checkValue(bodies.updateMessage, body);
        const { entry, message } = find(call);
        const { metadata } = body;
        if (metadata === undefined) return json<Message>(message);
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

/** Puts a message at the end of a thread, as its author wrote it. */
export function addMessage(
  entry: ThreadEntry,
  body: MessageCreateParams,
  vectorStores: VectorStoreState,
  mint: Mint,
): Message {
  const message = toMessage(body, entry.thread.id, mint);
  entry.messages.set(message.id, message);
  attachFiles(entry.thread, message, vectorStores, mint);
  return message;
}

function toMessage(body: MessageCreateParams, threadId: string, mint: Mint): Message {
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
    content: parts.map(toContent),
    attachments: body.attachments ?? [],
    metadata: body.metadata ?? {},
  };
}

function toContent(part: MessageContentPartParam): MessageContent {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: { value: part.text, annotations: [] } };
    case 'image_file':
      return {
        type: 'image_file',
        image_file: { ...part.image_file, detail: part.image_file.detail ?? 'auto' },
      };
    case 'image_url':
      return { type: 'image_url', image_url: { ...part.image_url, detail: part.image_url.detail ?? 'auto' } };
  }
}

export function messageText(message: Message): string {
  return message.content
    .map((part) => {
      if (part.type === 'text') return part.text.value;
      return part.type === 'refusal' ? part.refusal : '[image]';
    })
    .join('\n');
}
