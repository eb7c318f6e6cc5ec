import {
  backslash,
  carriageReturn,
  closeBrace,
  closeBracket,
  comma,
  lineFeed,
  openBrace,
  openBracket,
  quote,
  space,
  tab,
} from './ascii.ts';
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
 * is no JSON, is larger than the splitter's cap, or has its data on several lines. `onPart` is told of each part
 * as it came, so that who reads the stream need not split it again.
 */
export function createUsageHider(onPart: (part: StreamPart) => void): UsageHider {
  const splitter = createEventSplitter();
  return {
    push: (chunk) => shown(splitter.push(chunk)),
    end() {
      const parts = splitter.end();
      // An event without its blank line is no event to a client, but what it says was used was used.
      for (const { bytes } of parts) onPart({ bytes, isEvent: true });
      return parts.flatMap(hideUsage);
    },
  };

  /** One write is cheaper than one for each event. */
  function shown(parts: readonly StreamPart[]): Uint8Array[] {
    const pieces: Buffer[] = [];
    for (const part of parts) {
      onPart(part);
      pieces.push(...hideUsage(part));
    }
    return pieces.length > 1 ? [Buffer.concat(pieces)] : pieces;
  }
}

/** The pieces of a part that stay. */
function hideUsage({ bytes, isEvent }: StreamPart): Buffer[] {
  if (!isEvent) return [bytes];
  const usageAt = bytes.indexOf(usageKey);
  if (usageAt === -1) return [bytes];
  if (isCompactNull(bytes, usageAt)) {
    return [bytes.subarray(0, usageAt - 1), bytes.subarray(usageAt + compactNull.length - 1)];
  }
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

/**
 * Whether the key at `usageAt` is what nearly every chunk has: `,"usage":null` at the top level of the only line of
 * an event, and no other key of that name. Cheaper to see than to scan for members, once for every token.
 */
function isCompactNull(bytes: Buffer, usageAt: number): boolean {
  const from = usageAt - 1;
  const end = from + compactNull.length;
  if (from <= dataFrom || (bytes[end] !== comma && bytes[end] !== closeBrace)) return false;
  if (compactNull.compare(bytes, from, end) !== 0) return false;
  const isOneLine = bytes.indexOf(lineFeed) === bytes.length - 2 && !bytes.includes(carriageReturn);
  if (!isOneLine || bytes[dataFrom] !== openBrace || dataField.compare(bytes, 0, dataFrom) !== 0)
    return false;
  return bytes.indexOf(usageKey, end) === -1 && depthAt(bytes, dataFrom, from) === 1;
}

/** How many braces and brackets are open at `end`, which is not inside a string. */
function depthAt(bytes: Buffer, from: number, end: number): number {
  let depth = 0;
  let isString = false;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === quote) isString = !isString;
    else if (isString) at += byte === backslash ? 1 : 0;
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return depth;
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
const compactNull = Buffer.from(',"usage":null');
const dataField = Buffer.from('data: ');
const dataFrom = dataField.length;
