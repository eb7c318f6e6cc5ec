import { isRecord } from '../../openai/is-record.ts';
import { type Place, isStructure } from '../json/place.ts';
import { type Token, type Walk, createStringReader, walkJson } from '../json/walk-json.ts';

/** A text in the JSON of an event. */
export interface EventText {
  /** Of its token, in the data's bytes. */
  readonly from: number;
  readonly end: number;
  readonly text: string;
  /** The text that this is the next piece of; undefined if it is whole. */
  readonly channel: ChannelName | undefined;
}

export interface ChannelName {
  readonly name: string;
  /** What is written at one time by one writer: a choice, an output item, a message. */
  readonly group: string;
}

/** What an event says, as far as texts are concerned. */
export interface EventTexts {
  readonly texts: readonly EventText[];
  /** The groups whose texts are over before this event. */
  readonly endsBefore: readonly string[] | 'all';
  /** The groups whose texts are over with what this event adds. */
  readonly endsAfter: readonly string[];
}

/**
 * Finds the texts of an event of any stream of the API: chunks of completions and chat completions, events of
 * Responses and of Assistants. Undefined if it is no JSON object, as `[DONE]`.
 */
export function findEventTexts(data: Buffer, place: Place): EventTexts | undefined {
  const event = parseObject(data);
  if (!event) return undefined;
  const kind = kindOf(event);
  const texts: EventText[] = [];
  if (kind === 'audio') return { texts, endsBefore: [], endsAfter: [] };
  const read = createStringReader(data);
  walkJson(data, read, place, (token, walk) => {
    const { from, end } = token;
    const text = token.kind === 'number' ? data.toString('latin1', from, end) : read(from, end);
    if (isStructure(token.place, text)) return;
    const channel = kind === 'whole' ? undefined : channelOf(event, kind, token, walk);
    texts.push({ from, end, text, channel });
  });
  return {
    texts,
    endsBefore: kind === 'whole' ? endedBefore(event) : [],
    endsAfter: kind === 'choices' ? finishedChoices(event) : [],
  };
}

type Kind = 'choices' | 'response' | 'assistants' | 'audio' | 'whole';

function kindOf({ type, object, choices, delta }: Record<string, unknown>): Kind {
  if (Array.isArray(choices)) return 'choices';
  if (typeof type === 'string' && /audio\.(?:delta|done)$|partial_image$/.test(type)) return 'audio';
  if (typeof type === 'string' && type.endsWith('.delta')) return 'response';
  if (typeof object === 'string' && object.endsWith('.delta') && isRecord(delta)) return 'assistants';
  return 'whole';
}

/** The channel that a token adds to; undefined if it adds to none. */
function channelOf(
  event: Record<string, unknown>,
  kind: Kind,
  { kind: tokenKind, key: lastKey }: Token,
  { depth, frames }: Walk,
): ChannelName | undefined {
  if (tokenKind !== 'string' || depth > maxDeltaDepth) return undefined;
  let value: unknown = event;
  let group = kind === 'choices' ? '' : groupOf(event);
  let path = kind === 'response' ? `${String(event['type'])} ${partOf(event)} ` : '';
  let isDelta = false;
  for (let level = 0; level < depth; level += 1) {
    const { isList, commas } = frames[level]!;
    if (isList) {
      value = Array.isArray(value) ? (value as readonly unknown[])[commas] : undefined;
      path += `[${indexOf(value, commas)}]`;
      if (kind === 'choices' && level === 1) group = path;
      continue;
    }
    const key = level + 1 < depth ? frames[level + 1]!.key : lastKey;
    if (key === 'annotations') return undefined;
    value = isRecord(value) ? value[key] : undefined;
    path += `.${key}`;
    isDelta ||= key === 'delta' || (kind === 'choices' && key === 'text' && level === 2);
  }
  return isDelta ? { name: `${group} ${path}`, group } : undefined;
}

/** Of `choices[].delta.tool_calls[].function.arguments` 6; what is deeper is told as a whole. */
const maxDeltaDepth = 16;

/** An element of a delta is added to by its index, not by where it stands in the event. */
function indexOf(element: unknown, at: number): number {
  const index = isRecord(element) ? element['index'] : undefined;
  return typeof index === 'number' ? index : at;
}

function groupOf({ id, item_id, output_index }: Record<string, unknown>): string {
  return String(output_index ?? item_id ?? id);
}

function partOf({ content_index, summary_index, command_index }: Record<string, unknown>): string {
  return String(content_index ?? summary_index ?? command_index);
}

function endedBefore(event: Record<string, unknown>): readonly string[] | 'all' {
  const { type, output_index } = event;
  if (typeof type === 'string' && inTheMidst.test(type)) return [];
  const isOfItem = output_index !== undefined && type !== 'response.output_item.added';
  return isOfItem ? [groupOf(event)] : 'all';
}

/** Events that may be told while a text is written. */
const inTheMidst = /annotation|_call\.|(?:in_progress|created|queued|keepalive)$/;

function finishedChoices({ choices }: Record<string, unknown>): string[] {
  const finished: string[] = [];
  for (const [at, choice] of (choices as readonly unknown[]).entries()) {
    const isFinished = isRecord(choice) && typeof choice['finish_reason'] === 'string';
    if (isFinished) finished.push(`.choices[${indexOf(choice, at)}]`);
  }
  return finished;
}

function parseObject(data: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
