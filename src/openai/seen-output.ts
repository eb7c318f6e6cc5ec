import { isRecord } from './is-record.ts';
import type { UsageShape } from './operation-row.ts';
import type { Operation } from './operations.ts';
import { createEventSplitter, readData } from './sse.ts';
import type { StreamPart } from './sse.ts';

/** What a stream has put out so far, so that one that is cut or aborted can be charged for it. */
export interface SeenOutput {
  /** The answer's body, decompressed, as it passes by. Never throws. */
  push(chunk: Uint8Array): void;
  /** The output's texts, each in one piece. They may be asked for at any time. */
  texts(): string[];
  /**
   * UTF-8 bytes of output beyond what is kept, which is `maxKeptBytes`. A token stands for at least one byte, so
   * this bounds the tokens of that output.
   */
  unkeptBytes(): number;
}

/**
 * Remembers the text that a stream puts out: answers, refusals, reasoning as far as it is shown, and the names and
 * arguments of calls. It sees none in an answer that is no stream. Chunks are only kept, and neither split nor
 * parsed, until there are `maxHeldBytes` of them or the texts are asked for: most streams are shorter, end well,
 * and are never asked about.
 */
export function createSeenOutput({ usage }: Operation, contentType: string | undefined): SeenOutput {
  const isStream = contentType?.trim().toLowerCase().startsWith('text/event-stream') === true;
  const readOutput = isStream && usage !== null ? outputReaders[usage] : undefined;
  return readOutput ? seeStream(readOutput) : { push: () => {}, texts: () => [], unkeptBytes: () => 0 };
}

function seeStream(readOutput: OutputReader): SeenOutput {
  const splitter = createEventSplitter();
  const kept = createKeptTexts();
  let held: Uint8Array[] = [];
  let heldBytes = 0;

  function fold(): void {
    for (const part of held.flatMap((chunk) => splitter.push(chunk))) read(part);
    held = [];
    heldBytes = 0;
  }

  function read({ bytes, isEvent }: StreamPart): void {
    const event = isEvent ? parse(bytes) : undefined;
    if (event) readOutput(event, kept.add);
  }

  return {
    push(chunk) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes > maxHeldBytes) fold();
    },
    texts() {
      fold();
      return kept.texts();
    },
    unkeptBytes() {
      fold();
      return kept.unkeptBytes();
    },
  };
}

const maxHeldBytes = 65_536;
const maxKeptBytes = 1_048_576;

type AddText = (place: string, text: string) => void;

/** Tells each text that an event adds, and the place that it is added to. */
type OutputReader = (event: Record<string, unknown>, add: AddText) => void;

const outputReaders: { readonly [Shape in UsageShape]?: OutputReader } = {
  chatCompletion: readChoices,
  completion: readChoices,
  response: readResponseEvent,
  run: ({ delta }, add) => addTexts(delta, 'delta', add),
};

function readChoices({ choices }: Record<string, unknown>, add: AddText): void {
  if (!Array.isArray(choices)) return;
  for (const choice of choices as readonly unknown[]) {
    if (!isRecord(choice)) continue;
    const place = String(choice['index']);
    addTexts(choice['delta'], place, add);
    if (typeof choice['text'] === 'string') add(place, choice['text']);
  }
}

/** The terminal events repeat what the deltas said, and are no deltas. */
function readResponseEvent(event: Record<string, unknown>, add: AddText): void {
  const { type, delta, item } = event;
  if (typeof type !== 'string') return;
  const place = `${type} ${String(event['output_index'])} ${String(event['content_index'] ?? event['summary_index'])}`;
  if (typeof delta === 'string' && type.endsWith('.delta') && !type.endsWith('audio.delta'))
    add(place, delta);
  if (type === 'response.output_item.added' && isRecord(item) && typeof item['name'] === 'string') {
    add(place, item['name']);
  }
}

/** Every text in a delta that the model wrote, whatever vendors call its member. */
function addTexts(value: unknown, place: string, add: AddText, depth = 0): void {
  if (typeof value === 'string') return add(place, value);
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  for (const [key, member] of Object.entries(value)) {
    if (notWritten.has(key)) continue;
    // An item of a list is added to by its index, not by where it stands in this delta.
    const index = isRecord(member) ? (member['index'] ?? '') : '';
    addTexts(member, `${place}.${Array.isArray(value) ? String(index) : key}`, add, depth + 1);
  }
}

/** `choices[].delta.tool_calls[].function.arguments`, and a step's calls one deeper. */
const maxDepth = 8;

/** Members of deltas that say what something is, or hold what tools gave back. */
const notWritten = new Set([
  'annotations',
  'data',
  'file_id',
  'file_search',
  'id',
  'index',
  'object',
  'output',
  'outputs',
  'role',
  'type',
]);

interface KeptTexts {
  readonly add: AddText;
  texts(): string[];
  unkeptBytes(): number;
}

function createKeptTexts(): KeptTexts {
  const pieces = new Map<string, string[]>();
  let keptBytes = 0;
  let unkeptBytes = 0;
  return {
    add(place, text) {
      const bytes = Buffer.byteLength(text);
      if (keptBytes + bytes > maxKeptBytes) {
        unkeptBytes += bytes;
        return;
      }
      keptBytes += bytes;
      const own = pieces.has(place) || pieces.size < maxPlaces ? place : elsewhere;
      const texts = pieces.get(own) ?? [];
      texts.push(text);
      pieces.set(own, texts);
    },
    texts: () => [...pieces.values()].map((texts) => texts.join('')).filter((text) => text !== ''),
    unkeptBytes: () => unkeptBytes,
  };
}

/** A stream has few places. One that pretends to have many gets a last one for the rest. */
const maxPlaces = 1_000;
const elsewhere = '';

function parse(event: Buffer): Record<string, unknown> | undefined {
  const data = readData(event);
  try {
    const value: unknown = data && JSON.parse(data.toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    // `[DONE]`, or what no client can read either.
    return undefined;
  }
}
