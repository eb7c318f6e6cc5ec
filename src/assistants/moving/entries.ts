import Type from 'typebox';

import { isRecord } from '../../openai/is-record.ts';
import { toAssistant } from '../objects/assistants.ts';
import { anyMapping, clearable, metadata, object, optional, text } from '../params/fields.ts';
import { readParams } from '../params/read-params.ts';
import { anyToolResources, responseFormat, toolKinds, tools } from '../params/tool-params.ts';
import type { Annotation, Assistant, Message, Thread } from '../wire.ts';
import { isListPage } from './read-entries.ts';

/** A thread with its messages, the oldest first, as files of this sidecar have it. */
export interface MovedThread {
  readonly thread: Thread;
  readonly messages: readonly Message[];
}

/** Of an object from a file. Throws a `ProxyError` that says what is unfit; members that nobody knows are left out. */
export function toMovedAssistant(entry: Readonly<Record<string, unknown>>): Assistant {
  const params = readParams(assistantEntry, picked(assistantEntry, entry));
  return toAssistant(params, {
    id: params.id,
    createdAtSeconds: params.created_at,
    toolResources: params.tool_resources ?? {},
  });
}

/** As `toMovedAssistant`; the messages may be a page of an API list, in whatever order. */
export function toMovedThread(entry: Readonly<Record<string, unknown>>): MovedThread {
  const params = readParams(threadEntry, picked(threadEntry, entry));
  const listed = entry['messages'] ?? [];
  const given = isListPage(listed) ? listed.data : listed;
  const { messages } = readParams(messagesEntry, {
    messages: Array.isArray(given) ? given.map((one) => picked(messageEntry, one)) : given,
  });
  const thread: Thread = {
    id: params.id,
    object: 'thread',
    created_at: params.created_at,
    metadata: params.metadata ?? {},
    tool_resources: params.tool_resources ?? {},
  };
  return {
    thread,
    messages: oldestFirst(
      messages.map((one) => toMessage(one, thread.id)),
      isListPage(listed),
    ),
  };
}

const id = (prefix: string) => Type.String({ pattern: `^${prefix}_[A-Za-z0-9_-]{1,64}$` });
const seconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const assistantEntry = object({
  id: id('asst'),
  created_at: seconds,
  name: optional(text(256)),
  description: optional(text(512)),
  model: text(),
  instructions: optional(text(256_000)),
  tools: optional(tools(128)),
  top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
  temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
  tool_resources: optional(anyToolResources),
  metadata: optional(metadata),
  response_format: optional(responseFormat),
  reasoning_effort: optional(text(64)),
});

const threadEntry = object({
  id: id('thread'),
  created_at: seconds,
  metadata: optional(metadata),
  tool_resources: optional(anyToolResources),
});

const detail = optional(Type.Enum(['auto', 'low', 'high']));

const messageEntry = object({
  id: id('msg'),
  created_at: seconds,
  assistant_id: clearable(text(64)),
  run_id: clearable(text(64)),
  status: optional(Type.Enum(['in_progress', 'incomplete', 'completed'])),
  incomplete_details: optional(
    object({
      reason: Type.Enum(['content_filter', 'max_tokens', 'run_cancelled', 'run_expired', 'run_failed']),
    }),
  ),
  incomplete_at: optional(seconds),
  completed_at: optional(seconds),
  role: Type.Enum(['user', 'assistant']),
  content: Type.Array(
    Type.Union([
      object({
        type: Type.Literal('text'),
        text: object({ value: text(), annotations: Type.Array(anyMapping) }),
      }),
      object({ type: Type.Literal('refusal'), refusal: text() }),
      object({ type: Type.Literal('image_file'), image_file: object({ file_id: text(), detail }) }),
      object({ type: Type.Literal('image_url'), image_url: object({ url: text(), detail }) }),
    ]),
  ),
  attachments: optional(Type.Array(object({ file_id: optional(text()), tools: optional(toolKinds) }))),
  metadata: optional(metadata),
});

const messagesEntry = object({ messages: Type.Array(messageEntry) });

type MessageEntry = Type.Static<typeof messageEntry>;

function toMessage(params: MessageEntry, threadId: string): Message {
  return {
    id: params.id,
    object: 'thread.message',
    created_at: params.created_at,
    assistant_id: params.assistant_id ?? null,
    thread_id: threadId,
    run_id: params.run_id ?? null,
    status: params.status ?? 'completed',
    incomplete_details: params.incomplete_details ?? null,
    incomplete_at: params.incomplete_at ?? null,
    completed_at: params.completed_at ?? null,
    role: params.role,
    content: params.content.map((part) =>
      part.type === 'text'
        ? // Annotations are the upstream's, and are told as they were.
          {
            type: 'text',
            text: { value: part.text.value, annotations: part.text.annotations as unknown as Annotation[] },
          }
        : part,
    ),
    attachments: params.attachments ?? [],
    metadata: params.metadata ?? {},
  };
}

/** Pages come newest first unless somebody asked otherwise, and many messages share their second. */
function oldestFirst(messages: readonly Message[], isPage: boolean): Message[] {
  const first = messages[0]?.created_at ?? 0;
  const last = messages.at(-1)?.created_at ?? 0;
  const isNewestFirst = first > last || (first === last && isPage);
  return (isNewestFirst ? messages.toReversed() : [...messages]).sort((a, b) => a.created_at - b.created_at);
}

/** The members that a schema knows. */
function picked({ properties }: { readonly properties: object }, entry: unknown): unknown {
  if (!isRecord(entry)) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([name]) => Object.hasOwn(properties, name)));
}
