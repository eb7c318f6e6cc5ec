import type {
  Assistant,
  AssistantCreateParams,
  AssistantDeleted,
  AssistantUpdateParams,
} from 'openai/resources/beta/assistants';

import { noSuch } from '../api-error.ts';
import { paginate, type Page } from '../list.ts';
import { resolveModel } from '../models.ts';
import { json } from '../reply.ts';
import type { Route } from '../router.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import { toToolResources } from './tool-resources.ts';

export interface AssistantStore {
  find(id: string | undefined): Assistant;
  routes: Route[];
}

export function createAssistants(vectorStores: VectorStoreState): AssistantStore {
  const stored = new Map<string, Assistant>();
  const find = (id = '') => {
    const found = stored.get(id);
    if (!found) throw noSuch('assistant', id);
    return found;
  };

  const routes: Route[] = [
    {
      method: 'POST',
      path: '/assistants',
      handle(call) {
        const body = call.json<AssistantCreateParams>();
        resolveModel(body.model);
        const assistant: Assistant = {
          id: call.mint.id('asst_', 24),
          object: 'assistant',
          created_at: call.mint.seconds(),
          name: body.name ?? null,
          description: body.description ?? null,
          model: body.model,
          instructions: body.instructions ?? null,
          tools: body.tools ?? [],
          top_p: body.top_p ?? 1,
          temperature: body.temperature ?? 1,
          tool_resources: toToolResources(body.tool_resources, vectorStores, call.mint),
          metadata: body.metadata ?? {},
          response_format: body.response_format ?? 'auto',
        };
        stored.set(assistant.id, assistant);
        return json<Assistant>(assistant);
      },
    },
    {
      method: 'GET',
      path: '/assistants',
      handle: ({ query }) => json<Page<Assistant>>(paginate([...stored.values()], query)),
    },
    {
      method: 'GET',
      path: '/assistants/{assistant_id}',
      handle: ({ params }) => json<Assistant>(find(params['assistant_id'])),
    },
    {
      method: 'POST',
      path: '/assistants/{assistant_id}',
      handle(call) {
        const found = find(call.params['assistant_id']);
        const { tool_resources, reasoning_effort: _, ...changes } = call.json<AssistantUpdateParams>();
        const assistant: Assistant = { ...found, ...changes };
        if (tool_resources) {
          assistant.tool_resources = toToolResources(tool_resources, vectorStores, call.mint);
        }
        stored.set(found.id, assistant);
        return json<Assistant>(assistant);
      },
    },
    {
      method: 'DELETE',
      path: '/assistants/{assistant_id}',
      handle({ params }) {
        const { id } = find(params['assistant_id']);
        stored.delete(id);
        return json<AssistantDeleted>({ id, object: 'assistant.deleted', deleted: true });
      },
    },
  ];
  return { find, routes };
}
