import type { MessageParams } from '../params/message-params.ts';
import { lists, type MessageRecord } from '../store/records.ts';
import type { Put } from '../store/store.ts';
import type { Message, MessageContent, Thread, ToolResources } from '../wire.ts';
import { attachFiles, hasFiles } from './attachments.ts';
import { countMessage } from './count-message.ts';
import type { Caller, ObjectParts } from './object-parts.ts';

export interface PreparedMessages {
  /** In the order of the parameters, each with its tokens counted. */
  readonly records: readonly MessageRecord[];
  /** Those of the thread from then on; absent if they stay what they are. */
  readonly toolResources?: ToolResources;
}

export type PrepareMessages = (
  caller: Caller,
  thread: Pick<Thread, 'id' | 'tool_resources'>,
  params: readonly MessageParams[],
) => Promise<PreparedMessages>;

/**
 * Makes messages of what callers wrote, for a thread. Their files join the thread's upstream; nothing is written
 * to the store. Rejects with the upstream's error in the API's form.
 */
export function createPrepareMessages({ calls, counter, nowMs, newId }: ObjectParts): PrepareMessages {
  return async (caller, thread, params) => {
    const createdAtSeconds = Math.floor(nowMs() / 1000);
    const messages = params.map((one) => toMessage(one, newId('msg_'), thread.id, createdAtSeconds));
    const [tokens, toolResources] = await Promise.all([
      Promise.all(messages.map(({ content }) => countMessage(counter, content))),
      params.some(hasFiles)
        ? attachFiles(calls, caller, thread.tool_resources, messages.flatMap(attachmentsOf))
        : undefined,
    ]);
    const records = messages.map((message, index) => ({ message, tokens: tokens[index]! }));
    return { records, ...(toolResources ? { toolResources } : {}) };
  };
}

/** At the end of its thread. */
export function messagePut(record: MessageRecord): Put {
  return { id: record.message.id, body: JSON.stringify(record), lists: [lists.messages] };
}

function toMessage(
  { role, content, attachments, metadata }: MessageParams,
  id: string,
  threadId: string,
  createdAtSeconds: number,
): Message {
  return {
    id,
    object: 'thread.message',
    created_at: createdAtSeconds,
    assistant_id: null,
    thread_id: threadId,
    run_id: null,
    status: 'completed',
    incomplete_details: null,
    incomplete_at: null,
    completed_at: null,
    role,
    content: typeof content === 'string' ? [textPart(content)] : content.map(toContent),
    attachments: attachments ?? [],
    metadata: metadata ?? {},
  };
}

type PartParams = Exclude<MessageParams['content'], string>[number];

function toContent(part: PartParams): MessageContent {
  if (part.type === 'text') return textPart(part.text);
  return part.type === 'image_file'
    ? { type: 'image_file', image_file: { detail: 'auto', ...part.image_file } }
    : { type: 'image_url', image_url: { detail: 'auto', ...part.image_url } };
}

function textPart(value: string): MessageContent {
  return { type: 'text', text: { value, annotations: [] } };
}

function attachmentsOf({ attachments }: Message) {
  return attachments ?? [];
}
