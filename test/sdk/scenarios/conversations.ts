import assert from 'node:assert/strict';

import { eventsOf, failureOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

export const conversationScenarios: readonly Scenario[] = [
  {
    title: 'a conversation keeps what responses say in it',
    needs: 'conversations',
    async run({ client }) {
      const { conversations } = client;
      const conversation = await conversations.create({ metadata: { topic: 'tides' } });
      const added = await conversations.items.create(conversation.id, {
        items: [{ type: 'message', role: 'user', content: 'First' }],
      });
      const response = await client.responses.create({
        model: 'gpt-4o-mini',
        input: 'Second',
        conversation: conversation.id,
      });
      const items = await eventsOf(conversations.items.list(conversation.id, { limit: 1, order: 'asc' }));
      assert.equal(items.length, 3);
      const inConversation = { conversation_id: conversation.id };
      const one = await conversations.items.retrieve(items[0]?.id ?? '', inConversation);
      const removed = await conversations.items.delete(items[0]?.id ?? '', inConversation);
      const changed = await conversations.update(conversation.id, { metadata: { topic: 'winds' } });
      const deleted = await conversations.delete(conversation.id);
      const gone = await failureOf(conversations.retrieve(conversation.id));
      return { conversation, added, response, items, one, removed, changed, deleted, gone };
    },
  },
];
