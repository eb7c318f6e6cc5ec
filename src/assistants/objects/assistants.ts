import type { ApiCall, ApiHandler } from '../api-call.ts';
import { noSuch } from '../no-such.ts';
import {
  type AssistantParams,
  assistantParams,
  type AssistantUpdateParams,
  assistantUpdateParams,
} from '../params/assistant-params.ts';
import { readParams } from '../params/read-params.ts';
import { assistantIn, parseRecord } from '../store/parse-record.ts';
import { modify } from '../store/read-write.ts';
import { assistantsOf, lists } from '../store/records.ts';
import type { Assistant, Deleted } from '../wire.ts';
import type { ObjectParts } from './object-parts.ts';
import { readList, readPageRequest } from './pages.ts';
import { createToolResources } from './tool-resources.ts';

/** The operations on assistants. */
export function createAssistantHandlers(parts: ObjectParts): Record<string, ApiHandler> {
  const { store, calls, nowMs, newId } = parts;

  return {
    'assistants.create': async (call) => {
      const params = readParams(assistantParams, call.body);
      const assistant = toAssistant(params, {
        id: newId('asst_'),
        createdAtSeconds: Math.floor(nowMs() / 1000),
        toolResources: await createToolResources(calls, call, params.tool_resources),
      });
      await store.commit(assistantsOf(call.identity.org), {
        puts: [{ id: assistant.id, body: JSON.stringify(assistant), lists: [lists.assistants] }],
      });
      return { kind: 'object', value: assistant };
    },

    'assistants.retrieve': async (call) => {
      const [document] = await store.get(assistantsOf(call.identity.org), [idOf(call)]);
      const assistant = assistantIn(document);
      if (!assistant) throw noSuch('assistant', idOf(call));
      return { kind: 'object', value: assistant };
    },

    'assistants.update': async (call) => {
      const params = readParams(assistantUpdateParams, call.body);
      const changed = await modify<Assistant>(
        store,
        assistantsOf(call.identity.org),
        idOf(call),
        (assistant) => changedBy(assistant, params),
      );
      if (!changed) throw noSuch('assistant', idOf(call));
      return { kind: 'object', value: changed };
    },

    'assistants.list': async (call) => {
      const source = {
        partition: assistantsOf(call.identity.org),
        list: lists.assistants,
        kind: 'assistant' as const,
      };
      const value = await readList(store, source, readPageRequest(call.query), parseRecord<Assistant>);
      return { kind: 'object', value };
    },

    'assistants.delete': async (call) => {
      const id = idOf(call);
      const { done } = await store.commit(assistantsOf(call.identity.org), {
        conditions: [{ id, is: 'present' }],
        deletes: [id],
      });
      if (!done) throw noSuch('assistant', id);
      return {
        kind: 'object',
        value: { id, object: 'assistant.deleted', deleted: true } satisfies Deleted,
      };
    },
  };
}

function idOf({ ids: [id = ''] }: ApiCall): string {
  return id;
}

interface Given {
  readonly id: string;
  readonly createdAtSeconds: number;
  readonly toolResources: Assistant['tool_resources'];
}

export function toAssistant(
  params: Omit<AssistantParams, 'tool_resources'>,
  { id, createdAtSeconds, toolResources }: Given,
): Assistant {
  return {
    id,
    object: 'assistant',
    created_at: createdAtSeconds,
    name: params.name ?? null,
    description: params.description ?? null,
    model: params.model,
    instructions: params.instructions ?? null,
    tools: params.tools ?? [],
    top_p: params.top_p ?? 1,
    temperature: params.temperature ?? 1,
    tool_resources: toolResources,
    metadata: params.metadata ?? {},
    response_format: params.response_format ?? 'auto',
    ...(params.reasoning_effort ? { reasoning_effort: params.reasoning_effort } : {}),
  };
}

/** What may be null becomes null; for the rest, null is what it is for a new assistant. */
function changedBy(before: Assistant, params: AssistantUpdateParams): Assistant {
  const { reasoning_effort: effortBefore, ...rest } = before;
  const effort = params.reasoning_effort === undefined ? effortBefore : params.reasoning_effort;
  const or = <Value>(value: Value | null | undefined, unless: Value, nothing: Value): Value =>
    value === undefined ? unless : (value ?? nothing);
  return {
    ...rest,
    name: or(params.name, before.name, null),
    description: or(params.description, before.description, null),
    model: params.model ?? before.model,
    instructions: or(params.instructions, before.instructions, null),
    tools: params.tools ?? before.tools,
    top_p: or(params.top_p, before.top_p, 1),
    temperature: or(params.temperature, before.temperature, 1),
    tool_resources: { ...before.tool_resources, ...params.tool_resources },
    metadata: or(params.metadata, before.metadata, {}),
    response_format: or(params.response_format, before.response_format, 'auto'),
    ...(effort ? { reasoning_effort: effort } : {}),
  };
}
