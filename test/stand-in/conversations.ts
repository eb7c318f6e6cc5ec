import type {
  Conversation,
  ConversationCreateParams,
  ConversationDeletedResource,
  ConversationUpdateParams,
} from 'openai/resources/conversations/conversations';
import type { ConversationItem, ItemCreateParams } from 'openai/resources/conversations/items';

import { ApiError, noSuch } from './api-error.ts';
import type { Call } from './call.ts';
import { paginate, type Page } from './list.ts';
import { json } from './reply.ts';
import { toItems } from './response-items.ts';
import type { Item } from './response-wire.ts';
import type { Route } from './router.ts';

export interface ConversationStore {
  items(id: string): Item[];
  append(id: string, items: Item[]): void;
  routes: Route[];
}

export function createConversations(): ConversationStore {
  const stored = new Map<string, { conversation: Conversation; items: Item[] }>();
  const find = (id = '') => {
    const found = stored.get(id);
    if (!found) throw new ApiError(404, `Conversation with id '${id}' not found.`);
    return found;
  };
  const findItem = ({ params }: Call) => {
    const { conversation, items } = find(params['conversation_id']);
    const index = items.findIndex((item) => item.id === params['item_id']);
    const item = items[index];
    if (!item) throw noSuch('item', params['item_id'] ?? '');
    return { conversation, items, index, item };
  };

  const routes: Route[] = [
    {
      method: 'POST',
      path: '/conversations',
      handle(call) {
        const body = call.json<ConversationCreateParams>();
        const conversation: Conversation = {
          id: call.mint.id('conv_', 48),
          object: 'conversation',
          created_at: call.mint.seconds(),
          metadata: body.metadata ?? {},
        };
        stored.set(conversation.id, { conversation, items: toItems(body.items, call.mint) });
        return json<Conversation>(conversation);
      },
    },
    {
      method: 'GET',
      path: '/conversations/{conversation_id}',
      handle: ({ params }) => json<Conversation>(find(params['conversation_id']).conversation),
    },
    {
      method: 'POST',
      path: '/conversations/{conversation_id}',
      handle(call) {
        const { conversation } = find(call.params['conversation_id']);
        conversation.metadata = call.json<ConversationUpdateParams>().metadata;
        return json<Conversation>(conversation);
      },
    },
    {
      method: 'DELETE',
      path: '/conversations/{conversation_id}',
      handle({ params }) {
        const { id } = find(params['conversation_id']).conversation;
        stored.delete(id);
        return json<ConversationDeletedResource>({ id, object: 'conversation.deleted', deleted: true });
      },
    },
    {
      method: 'GET',
      path: '/conversations/{conversation_id}/items',
      handle: ({ params, query }) =>
        json<Page<ConversationItem>>(paginate(find(params['conversation_id']).items, query)),
    },
    {
      method: 'POST',
      path: '/conversations/{conversation_id}/items',
      handle(call) {
        const { items } = find(call.params['conversation_id']);
        const added = toItems(call.json<ItemCreateParams>().items, call.mint);
        items.push(...added);
        const page = paginate(added, new URLSearchParams('limit=100&order=asc'));
        return json<Page<ConversationItem>>(page);
      },
    },
    {
      method: 'GET',
      path: '/conversations/{conversation_id}/items/{item_id}',
      handle: (call) => json<ConversationItem>(findItem(call).item),
    },
    {
      method: 'DELETE',
      path: '/conversations/{conversation_id}/items/{item_id}',
      handle(call) {
        const { conversation, items, index } = findItem(call);
        items.splice(index, 1);
        return json<Conversation>(conversation);
      },
    },
  ];

  return {
    items: (id) => [...find(id).items],
    append: (id, items) => void find(id).items.push(...items),
    routes,
  };
}
