import type {
  Assistant,
  AssistantCreateParams,
  AssistantDeleted,
  AssistantUpdateParams,
} from 'openai/resources/beta/assistants';

import { ApiError } from '../api-error.ts';
import type { Page } from '../list.ts';
import { resolveModel } from '../models.ts';
import { json } from '../reply.ts';
import type { Route } from '../router.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import { bodies } from './api-rules.ts';
import { checkValue } from './check-value.ts';
import { noneFound } from './find-errors.ts';
import { listObjects } from './list-objects.ts';
import { toToolResources } from './tool-resources.ts';

export interface AssistantStore {
  find(id: string | undefined): WireAssistant;
  routes: Route[];
}

/** The SDK's type lacks what the API answers where it was given. */
export interface WireAssistant extends Assistant {
  reasoning_effort?: string;
}

export function createAssistants(vectorStores: VectorStoreState): AssistantStore {
  const stored = new Map<string, WireAssistant>();
  const find = (id = '') => {
    const found = stored.get(id);
    if (!found) throw noneFound('assistant', id);
    return found;
  };

  const routes: Route[] = [
    {
      method: 'POST',
      path: '/assistants',
      handle(call) {
        const body = call.json<AssistantCreateParams>();
        checkValue(bodies.createAssistant, body);
        checkModel(body.model);
        const assistant: WireAssistant = {
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
          ...(body.reasoning_effort ? { reasoning_effort: body.reasoning_effort } : {}),
        };
        stored.set(assistant.id, assistant);
        return json<WireAssistant>(assistant);
      },
    },
    {
      method: 'GET',
      path: '/assistants',
      handle: ({ query }) =>
        json<Page<Assistant>>(listObjects('assistant', query, () => [...stored.values()])),
    },
    {
      method: 'GET',
      path: '/assistants/{assistant_id}',
      handle: ({ params }) => json<WireAssistant>(find(params['assistant_id'])),
    },
    {
      method: 'POST',
      path: '/assistants/{assistant_id}',
      handle(call) {
        const body = call.json<AssistantUpdateParams>();
        checkValue(bodies.updateAssistant, body);
        const found = find(call.params['assistant_id']);
        if (body.model) checkModel(body.model);
        const assistant = changed(found, body);
        const given = toToolResources(body.tool_resources, vectorStores, call.mint);
        assistant.tool_resources = { ...found.tool_resources, ...given };
        stored.set(found.id, assistant);
        return json<WireAssistant>(assistant);
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

/** What may be null becomes null; for the rest, null is what it is for a new assistant. */
function changed(found: WireAssistant, body: AssistantUpdateParams): WireAssistant {
  const { reasoning_effort: before, ...rest } = found;
  const effort = body.reasoning_effort === undefined ? before : body.reasoning_effort;
  const kept = <Name extends 'name' | 'description' | 'instructions'>(name: Name) =>
    body[name] === undefined ? found[name] : body[name];
  return {
    ...rest,
    name: kept('name'),
    description: kept('description'),
    instructions: kept('instructions'),
    model: body.model ?? found.model,
    tools: body.tools ?? found.tools,
    top_p: body.top_p === undefined ? (found.top_p ?? 1) : (body.top_p ?? 1),
    temperature: body.temperature === undefined ? (found.temperature ?? 1) : (body.temperature ?? 1),
    metadata: body.metadata === undefined ? found.metadata : (body.metadata ?? {}),
    response_format: body.response_format ?? found.response_format ?? 'auto',
    ...(effort ? { reasoning_effort: effort } : {}),
  };
}

function checkModel(model: string): void {
  try {
    resolveModel(model);
  } catch {
    throw new ApiError(400, `The requested model '${model}' does not exist.`, {
      param: 'model',
      code: 'model_not_found',
    });
  }
}
