import { tab, space, comma, openBrace } from './ascii.ts';
import { createMemberScanner } from './json-members.ts';
import type { Member } from './json-members.ts';
import { createEventSplitter, findData } from './sse.ts';
import type { StreamPart } from './sse.ts';

export interface UsageHider {
  /** What may be passed on now, in order. It may share the chunk's memory. */
  push(chunk: Uint8Array): Uint8Array[];
  /** The rest. An event that the end cut short is passed on as it is. */
  end(): Uint8Array[];
}

/**
 * Takes out of a stream of completion chunks what `stream_options.include_usage` put in, so that the caller
 * gets, byte for byte, the stream that was asked for: the chunk that has usage and no choices, and the
 * `"usage":null` of every other chunk, with its comma. Usage that stands beside choices stays: vendors that
 * send it do so without being asked. All else passes untouched, each event as soon as it is whole, also what
 * is no JSON, is larger than the splitter's cap, or has its data on several lines.
 */
export function createUsageHider(): UsageHider {
  const splitter = createEventSplitter();
  return {
    push: (chunk) => joined(splitter.push(chunk).flatMap(hideUsage)),
    end: () => joined(splitter.end().flatMap(hideUsage)),
  };
}

/** One write is cheaper than one for each event. */
function joined(pieces: readonly Buffer[]): Uint8Array[] {
  return pieces.length > 1 ? [Buffer.concat(pieces)] : [...pieces];
}

/** The pieces of a part that stay. */
function hideUsage({ bytes, isEvent }: StreamPart): Buffer[] {
  if (!isEvent || !bytes.includes(usageKey)) return [bytes];
  const place = findData(bytes);
  if (!place) return [bytes];
  const data = bytes.subarray(place.from, place.end);
  // Only `null` and an empty list are of interest.
  const scanner = createMemberScanner(['usage', 'choices'], { maxValueBytes: 16 });
  scanner.push(data);
  const members = scanner.end();
  const usage = members.get('usage');
  if (!usage) return [bytes];
  if (data[usage.valueStart] === openBrace && isEmptyList(members.get('choices')?.value)) return [];
  if (usage.value !== null) return [bytes];
  const { from, end } = withComma(data, usage);
  return [bytes.subarray(0, place.from + from), bytes.subarray(place.from + end)];
}

/** The comma before a member goes with it, or the one after it and its blanks if the member is the first. */
function withComma(data: Buffer, { keyStart, valueEnd }: Member): { from: number; end: number } {
  let from = keyStart - 1;
  while (isBlank(data[from])) from -= 1;
  if (data[from] === comma) return { from, end: valueEnd };
  let end = valueEnd;
  while (isBlank(data[end])) end += 1;
  if (data[end] !== comma) return { from: keyStart, end: valueEnd };
  end += 1;
  while (isBlank(data[end])) end += 1;
  return { from: keyStart, end };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A data line holds no line ends. */
function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab;
}

const usageKey = Buffer.from('"usage"');
