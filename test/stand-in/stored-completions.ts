import type {
  ChatCompletion,
  ChatCompletionDeleted,
  ChatCompletionMessageParam,
  ChatCompletionRole,
  ChatCompletionStoreMessage,
  ChatCompletionUpdateParams,
} from 'openai/resources/chat/completions';

import { noSuch } from './api-error.ts';
import { textOf } from './chat-prompt.ts';
import { paginate, type Page } from './list.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';

/** Chat completions created with `store: true`. */
export interface StoredCompletions {
  add(completion: ChatCompletion, messages: ChatCompletionMessageParam[]): void;
  routes: Route[];
}

export function createStoredCompletions(): StoredCompletions {
  const stored = new Map<string, { completion: ChatCompletion; messages: StoredMessage[] }>();
  const find = (id = '') => {
    const found = stored.get(id);
    if (!found) throw noSuch('completion', id);
    return found;
  };

  return {
    add(completion, messages) {
      const kept = messages.map((message, index) => toStored(message, `${completion.id}-${index}`));
      stored.set(completion.id, { completion, messages: kept });
    },
    routes: [
      {
        method: 'GET',
        path: '/chat/completions',
        handle({ query }) {
          const model = query.get('model');
          const all = [...stored.values()].map(({ completion }) => completion);
          const wanted = all.filter(
            (completion) => (!model || completion.model === model) && hasMetadata(completion, query),
          );
          return json<Page<ChatCompletion>>(paginate(wanted, query, { order: 'asc' }));
        },
      },
      {
        method: 'GET',
        path: '/chat/completions/{completion_id}',
        handle: ({ params }) => json<ChatCompletion>(find(params['completion_id']).completion),
      },
      {
        method: 'GET',
        path: '/chat/completions/{completion_id}/messages',
        handle: ({ params, query }) =>
          json<Page<StoredMessage>>(
            paginate(find(params['completion_id']).messages, query, { order: 'asc' }),
          ),
      },
      {
        method: 'POST',
        path: '/chat/completions/{completion_id}',
        handle(call) {
          const { completion } = find(call.params['completion_id']);
          completion.metadata = call.json<ChatCompletionUpdateParams>().metadata;
          return json<ChatCompletion>(completion);
        },
      },
      {
        method: 'DELETE',
        path: '/chat/completions/{completion_id}',
        handle({ params }) {
          const { id } = find(params['completion_id']).completion;
          stored.delete(id);
          return json<ChatCompletionDeleted>({ object: 'chat.completion.deleted', id, deleted: true });
        },
      },
    ],
  };
}

/** `metadata[key]=value` in the query. */
function hasMetadata(completion: ChatCompletion, query: URLSearchParams): boolean {
  return [...query].every(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined || completion.metadata?.[key] === value;
  });
}

/** OpenAI answers the input messages with their own role; the SDK types them as if the model had said them. */
type StoredMessage = Omit<ChatCompletionStoreMessage, 'role'> & {
  role: ChatCompletionRole;
  name: string | null;
};

function toStored(message: ChatCompletionMessageParam, id: string): StoredMessage {
  const { role, content } = message;
  return { id, role, content: textOf(content), name: null, refusal: null, content_parts: null };
}
