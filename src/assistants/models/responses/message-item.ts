import { isRecord } from '../../../openai/is-record.ts';
import type { Speaker } from '../in-turn.ts';
import type { ModelEvent } from '../model-call.ts';
import { remainder } from './remainder.ts';

/** A message while it comes in. All its content parts are one text. */
export interface MessageItem {
  readonly type: 'message';
  add(partIndex: number, kind: 'text' | 'refusal', delta: string): void;
  annotate(partIndex: number, annotationIndex: number, annotation: unknown): void;
  /** A part as a `done` event has it: tells what its deltas did not. */
  finishPart(partIndex: number, part: unknown): void;
  finish(item: Record<string, unknown>): void;
  end(): void;
}

interface Part {
  text: string;
  readonly annotated: Set<number>;
  /** Annotations of text that has not come yet. */
  early: Record<string, unknown>[];
}

export function createMessageItem(speaker: Speaker): MessageItem {
  const parts = new Map<number, Part>();
  let itemId: unknown;
  speaker.tell({ type: 'messageBegun' });

  function partAt(index: number): Part {
    let part = parts.get(index);
    if (!part) parts.set(index, (part = { text: '', annotated: new Set(), early: [] }));
    return part;
  }

  function add(partIndex: number, kind: 'text' | 'refusal', text: string): void {
    if (text === '') return;
    partAt(partIndex).text += text;
    speaker.tell({ type: kind, text });
  }

  function annotate(partIndex: number, annotationIndex: number, annotation: unknown): void {
    const part = partAt(partIndex);
    if (!isRecord(annotation) || part.annotated.has(annotationIndex)) return;
    part.annotated.add(annotationIndex);
    const { end_index: end } = annotation;
    if (typeof end === 'number' && end > part.text.length) part.early.push(annotation);
    else tellAnnotation(part, annotation);
  }

  function tellAnnotation({ text }: Part, annotation: Record<string, unknown>): void {
    const event = readAnnotation(text, annotation);
    if (event) speaker.tell(event);
  }

  function finishPart(partIndex: number, whole: unknown): void {
    if (!isRecord(whole)) return;
    const part = partAt(partIndex);
    if (whole['type'] === 'refusal') add(partIndex, 'refusal', remainder(part.text, whole['refusal']));
    else if (whole['type'] === 'output_text') add(partIndex, 'text', remainder(part.text, whole['text']));
    for (const annotation of part.early.splice(0)) tellAnnotation(part, annotation);
    const { annotations } = whole;
    if (!Array.isArray(annotations)) return;
    for (const [index, annotation] of annotations.entries()) annotate(partIndex, index, annotation);
    for (const annotation of part.early.splice(0)) tellAnnotation(part, annotation);
  }

  return {
    type: 'message',
    add,
    annotate,
    finishPart,
    finish({ id, content }) {
      itemId = id;
      if (!Array.isArray(content)) return;
      for (const [index, part] of content.entries()) finishPart(index, part);
    },
    end() {
      speaker.tell({ type: 'messageEnded' });
      const isEmpty = [...parts.values()].every(({ text }) => text === '');
      // As with a function call: reasoning goes with what it led to.
      if (typeof itemId === 'string' && !isEmpty) {
        speaker.tell({ type: 'carry', item: { type: 'message', id: itemId } });
      }
      speaker.end();
    },
  };
}

/** Undefined for those that the Assistants API has no like of, such as of web pages. */
function readAnnotation(text: string, annotation: Record<string, unknown>): ModelEvent | undefined {
  const { type, file_id: fileId, filename, start_index: start, end_index: end } = annotation;
  const { container_id: containerId } = annotation;
  if (typeof fileId !== 'string') return undefined;
  if (type === 'file_citation') return { type: 'citation', fileId };
  if (type !== 'container_file_citation' || typeof containerId !== 'string') return undefined;
  const name = typeof filename === 'string' ? filename : fileId;
  const quote = isIndex(start) && isIndex(end) && end <= text.length ? quoteOf(text, start, end, name) : '';
  return { type: 'file', fileId, containerId, name, ...(quote !== '' && { quote }) };
}

/** Not every upstream counts as JavaScript does: with an emoji ahead, code points end elsewhere than code units. */
function quoteOf(text: string, start: number, end: number, name: string): string {
  const byUnits = text.slice(start, end);
  if (byUnits.includes(name)) return byUnits;
  const byPoints = [...text].slice(start, end).join('');
  return byPoints.includes(name) ? byPoints : byUnits;
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
