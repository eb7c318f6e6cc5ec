import { space, colon, openBrace } from './ascii.ts';
import { asBuffer } from './byte-buffer.ts';
import { createMemberScanner } from './json-members.ts';
import type { Member, MemberScanner } from './json-members.ts';
import { normalizeUsage } from './normalize-usage.ts';
import type { UsageShape } from './operation-row.ts';
import type { Operation } from './operations.ts';
import { createEventSplitter, readData } from './sse.ts';
import type { StreamPart } from './sse.ts';
import { createToolCallCounter } from './tool-calls.ts';
import type { ToolCalls } from './tool-calls.ts';
import type { Usage } from './usage.ts';

/** What an answer says of itself; each is absent if it said nothing. */
export interface Observed {
  /**
   * What the upstream says it used: zero only if it said zero. The largest that was seen, never a sum, since
   * streams and polls tell the same usage again and again.
   */
  readonly usage?: Usage;
  /** The one that answered, as the upstream names it. */
  readonly model?: string;
  readonly id?: string;
  /** Of a response, a run or a batch; the last that was seen. */
  readonly status?: string;
  /** The tier that served it, which may be another than was asked for. */
  readonly serviceTier?: string;
  /** Of a run. */
  readonly threadId?: string;
  /** Of a response; absent if it made none. */
  readonly toolCalls?: ToolCalls;
}

export interface UsageReader {
  /** The answer's body, decompressed, as it passes by. Never throws. */
  push(chunk: Uint8Array): void;
  /** In place of `push`, for a stream that was split already. */
  read(part: StreamPart): void;
  /** Ends the reading, also after a cut: what is known so far. */
  end(): Observed;
}

/**
 * Reads what an answer tells of its usage, out of JSON and out of streams, without parsing more than that.
 * Undefined if the operation tells none, or not in this type of content. What counts as usage is told at
 * `normalizeUsage`.
 */
export function createUsageReader(
  operation: Operation,
  contentType: string | undefined,
): UsageReader | undefined {
  if (operation.usage === null) return undefined;
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === 'text/event-stream') return createStreamReader(streamShapes[operation.usage]);
  // A self-hosted engine may leave the type out; what is no JSON has no members.
  const isJson = mediaType === undefined || mediaType === 'application/json' || mediaType.endsWith('+json');
  return isJson ? createJsonReader(operation.usage) : undefined;
}

/** The members whose texts are told as they are. */
const toldTexts = [
  ['id', 'id'],
  ['model', 'model'],
  ['status', 'status'],
  ['serviceTier', 'service_tier'],
  ['threadId', 'thread_id'],
] as const;
const observedKeys = ['usage', ...toldTexts.map(([, key]) => key)];

function createJsonReader(shape: UsageShape): UsageReader {
  const toolCalls = shape === 'response' ? createToolCallCounter() : undefined;
  /** The whole answer so far, as long as it came in one small piece. */
  let only: Uint8Array | undefined;
  let scanner: MemberScanner | undefined;

  function push(chunk: Uint8Array): void {
    toolCalls?.push(chunk);
    if (!scanner && !only && chunk.length <= maxParsedBytes) {
      only = chunk;
      return;
    }
    scan().push(chunk);
  }

  function scan(): MemberScanner {
    scanner ??= createMemberScanner(observedKeys);
    if (only) scanner.push(only);
    only = undefined;
    return scanner;
  }

  return {
    push,
    read: ({ bytes }) => push(bytes),
    end: () => observe({}, (only && parseMembers(only)) ?? scan().end(), toolCalls?.end()),
  };
}

/** An answer that comes in one piece and is no larger is parsed, which is native and so quicker than to scan it. */
const maxParsedBytes = 16_384;

function parseMembers(bytes: Uint8Array): ObservedMembers | undefined {
  try {
    const value: unknown = JSON.parse(asBuffer(bytes).toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const object = value as Readonly<Record<string, unknown>>;
    return { get: (key) => (Object.hasOwn(object, key) ? { value: object[key] } : undefined) };
  } catch {
    // It may be cut short: what stands before the cut counts.
    return undefined;
  }
}

interface StreamShape {
  /** Whether an event carries the object. A key can't stand unescaped inside a string, so bytes can tell. */
  readonly isCarriedBy: (event: Buffer) => boolean;
  /** The event's member that is the object; the event itself if there is none. */
  readonly within?: string;
  /** What the object says it is, where events also carry others. */
  readonly object?: string;
  /** Its model and id are on every event, and so known before its usage. */
  readonly isIdentifiedEarly?: boolean;
}

const usageObject: StreamShape = { isCarriedBy: (event) => hasObjectAt(event, usageKey) };
const chunk: StreamShape = { ...usageObject, isIdentifiedEarly: true };

const streamShapes: Readonly<Record<UsageShape, StreamShape>> = {
  response: { isCarriedBy: (event) => hasObjectAt(event, responseKey), within: 'response' },
  chatCompletion: chunk,
  completion: chunk,
  // A step's usage is a part of its run's.
  run: { isCarriedBy: (event) => event.includes(runObject), object: 'thread.run' },
  embedding: usageObject,
  decision: usageObject,
  batch: usageObject,
  image: usageObject,
  transcription: usageObject,
  speech: usageObject,
};

function createStreamReader(shape: StreamShape): UsageReader {
  const splitter = createEventSplitter();
  let observed: Observed = {};

  function read({ bytes, isEvent }: StreamPart): void {
    if (!isEvent) return;
    const isNew = shape.isIdentifiedEarly && observed.id === undefined;
    if (!isNew && !shape.isCarriedBy(bytes)) return;
    const data = readData(bytes);
    const members = data && scanObject(data, shape.within);
    if (!members || (shape.object !== undefined && members.get('object')?.value !== shape.object)) return;
    // The terminal event repeats all items; only events that carry a response have any.
    observed = observe(observed, members, shape.within === undefined ? undefined : countToolCalls(bytes));
  }

  return {
    push(bytes) {
      for (const part of splitter.push(bytes)) read(part);
    },
    read,
    end() {
      // An event without its blank line is no event to a client, but what it says was used was used.
      for (const { bytes } of splitter.end()) read({ bytes, isEvent: true });
      return observed;
    },
  };
}

const usageKey = Buffer.from('"usage"');
const responseKey = Buffer.from('"response"');
const runObject = Buffer.from('"thread.run"');

/** Whether the key stands anywhere with an object for its value: `"usage":null` is on every chunk. */
function hasObjectAt(event: Buffer, key: Buffer): boolean {
  for (let found = event.indexOf(key); found !== -1; found = event.indexOf(key, found + 1)) {
    let at = found + key.length;
    while (event[at] === space || event[at] === colon) at += 1;
    if (event[at] === openBrace) return true;
  }
  return false;
}

type Members = ReturnType<MemberScanner['end']>;

/** Scans twice rather than parse: the object in a terminal event repeats the whole output. */
function scanObject(data: Uint8Array, within: string | undefined): Members {
  const keys = [...observedKeys, 'object'];
  if (within === undefined) return scanMembers(data, keys);
  const inner = scanMembers(data, [within], 0).get(within);
  return inner ? scanMembers(data.subarray(inner.valueStart, inner.valueEnd), keys) : new Map();
}

function scanMembers(data: Uint8Array, keys: readonly string[], maxValueBytes?: number): Members {
  const scanner = createMemberScanner(keys, maxValueBytes === undefined ? {} : { maxValueBytes });
  scanner.push(data);
  return scanner.end();
}

interface ObservedMembers {
  get(key: string): Pick<Member, 'value'> | undefined;
}

function countToolCalls(bytes: Uint8Array): ToolCalls | undefined {
  const counter = createToolCallCounter();
  counter.push(bytes);
  return counter.end();
}

/** What is known after an object: the larger usage, on a tie the later; of the rest the later. */
function observe(before: Observed, members: ObservedMembers, toolCalls: ToolCalls | undefined): Observed {
  const observed: { -readonly [Key in keyof Observed]: Observed[Key] } = { ...before };
  const usage = normalizeUsage(members.get('usage')?.value);
  if (usage && usage.totalTokens >= (before.usage?.totalTokens ?? 0)) observed.usage = usage;
  if (toolCalls) observed.toolCalls = toolCalls;
  for (const [name, key] of toldTexts) {
    const value = members.get(key)?.value;
    if (typeof value === 'string') observed[name] = value;
  }
  return observed;
}
