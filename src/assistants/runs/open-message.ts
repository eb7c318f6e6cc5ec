import type { ModelEvent } from '../models/model-call.ts';
import type { ContentDelta, StreamEvent } from '../wire-events.ts';
import type { Annotation, Message, MessageContent, Run } from '../wire.ts';
import { type LegEnding, messageEnding } from './leg-ending.ts';

/** A message of the assistant while the model writes it. */
export interface OpenMessage {
  hear(event: MessagePiece): StreamEvent[];
  /** As it begins, without content. */
  message(): Message;
  /** What was said so far. */
  content(): MessageContent[];
  /** As it has ended. */
  end(how: LegEnding['how'], at: number): Message;
  text(): string;
}

export type MessagePiece = Extract<ModelEvent, { type: 'text' | 'refusal' | 'citation' | 'file' }>;

export interface OpenMessageSettings {
  readonly run: Run;
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: number;
}

export function createOpenMessage({ run, id, createdAt }: OpenMessageSettings): OpenMessage {
  const content: MessageContent[] = [];

  function hear(event: MessagePiece): StreamEvent[] {
    switch (event.type) {
      case 'text':
        return append(event.text);
      case 'refusal':
        return refuse(event.text);
      case 'citation':
        return cite(event.fileId);
      case 'file':
        return event.quote === undefined ? attach(event) : quote(event.quote, event.fileId);
    }
  }

  function append(value: string, annotation?: Annotation): StreamEvent[] {
    const [part, index, isNew] = textPart();
    part.value += value;
    if (!annotation)
      return tell({ index, type: 'text', text: isNew ? { value, annotations: [] } : { value } });
    const annotations = [{ index: part.annotations.length, ...annotation }];
    part.annotations.push(annotation);
    return tell({ index, type: 'text', text: { value, annotations } });
  }

  function refuse(refusal: string): StreamEvent[] {
    const part = content.at(-1);
    if (part?.type === 'refusal') part.refusal += refusal;
    else content.push({ type: 'refusal', refusal });
    return tell({ index: content.length - 1, type: 'refusal', refusal });
  }

  /** Applications look for an annotation's text in the value, to put something else in its place. */
  function cite(file_id: string): StreamEvent[] {
    const [{ value, annotations }] = textPart();
    const text = `【${annotations.length}:0†source】`;
    const start_index = value.length;
    const end_index = start_index + text.length;
    return append(text, { type: 'file_citation', text, start_index, end_index, file_citation: { file_id } });
  }

  /** The text itself holds the link to the file; a picture may have come behind it. */
  function quote(text: string, file_id: string): StreamEvent[] {
    const index = content.findLastIndex((part) => part.type === 'text' && part.text.value.includes(text));
    const part = content[index];
    if (part?.type !== 'text') return [];
    const start_index = part.text.value.lastIndexOf(text);
    const end_index = start_index + text.length;
    const annotation = { type: 'file_path' as const, text, start_index, end_index, file_path: { file_id } };
    const place = part.text.annotations.push(annotation) - 1;
    return tell({ index, type: 'text', text: { annotations: [{ index: place, ...annotation }] } });
  }

  /** A picture is content of its own; any other file gets the link that its text lacks. */
  function attach({ fileId, name }: { fileId: string; name: string }): StreamEvent[] {
    if (/\.(?:png|jpe?g|gif|webp)$/i.test(name)) {
      const image_file = { file_id: fileId };
      content.push({ type: 'image_file', image_file });
      return tell({ index: content.length - 1, type: 'image_file', image_file });
    }
    const link = `sandbox:/mnt/data/${name}`;
    return [...append(`\n[${name}](${link})`), ...quote(link, fileId)];
  }

  /** The text that is written just now, its place, and whether it begins here. */
  function textPart(): [{ value: string; annotations: Annotation[] }, number, boolean] {
    const last = content.at(-1);
    if (last?.type === 'text') return [last.text, content.length - 1, false];
    const text = { value: '', annotations: [] };
    content.push({ type: 'text', text });
    return [text, content.length - 1, true];
  }

  function tell(delta: ContentDelta): StreamEvent[] {
    const data = { id, object: 'thread.message.delta' as const, delta: { content: [delta] } };
    return [{ event: 'thread.message.delta', data }];
  }

  function message(): Message {
    return {
      id,
      object: 'thread.message',
      created_at: createdAt,
      assistant_id: run.assistant_id,
      thread_id: run.thread_id,
      run_id: run.id,
      status: 'in_progress',
      incomplete_details: null,
      incomplete_at: null,
      completed_at: null,
      role: 'assistant',
      content: [],
      attachments: [],
      metadata: {},
    };
  }

  return {
    hear,
    message,
    content: () => content,
    end: (how, at) => ({ ...message(), ...messageEnding(how, at), content }),
    text: () => content.map((part) => (part.type === 'text' ? part.text.value : '')).join('\n'),
  };
}
