import { lineFeed, carriageReturn, space, colon } from './ascii.ts';
import { asBuffer, createByteBuffer } from './byte-buffer.ts';

/** A part of a stream. All parts' bytes, in order, are the stream. */
export interface StreamPart {
  readonly bytes: Buffer;
  /** These bytes are one event, its ending blank line included. Otherwise they stand for themselves. */
  readonly isEvent: boolean;
}

export interface EventSplitter {
  /** The parts that this chunk made whole. They share its memory where they can. */
  push(chunk: Uint8Array): StreamPart[];
  /** What is left: an event that the end cut short is no event, as the specification has it. */
  end(): StreamPart[];
}

export interface EventSplitterOptions {
  /** An event larger than this passes as plain bytes, piece by piece. 8 MiB unless told otherwise. */
  readonly maxEventBytes?: number;
}

/**
 * Splits a stream of server-sent events (WHATWG HTML, 9.2) at its blank lines, wherever its chunks are cut.
 * Lines end with LF, CRLF or CR. A leading byte order mark is a part of its own. An event is given out as soon
 * as it is whole; only one that ends in a CR as a chunk does waits for the next byte, which may be its LF.
 */
export function createEventSplitter({
  maxEventBytes = 8 * 1024 * 1024,
}: EventSplitterOptions = {}): EventSplitter {
  const held = createByteBuffer();
  let isOversized = false;
  let isFirst = true;
  /** The current line has no byte yet. */
  let isLineEmpty = true;
  /** The last byte was a CR: an LF now belongs to it. */
  let isAfterCr = false;
  /** That CR ended a blank line. */
  let isEventOver = false;

  /** The current event goes on. */
  function hold(bytes: Buffer, parts: StreamPart[]): void {
    if (bytes.length === 0) return;
    if (held.length + bytes.length > maxEventBytes) isOversized = true;
    if (!isOversized) return held.append(bytes);
    if (held.length > 0) parts.push({ bytes: held.take(), isEvent: false });
    parts.push({ bytes, isEvent: false });
  }

  /** The current event ends with these bytes. */
  function finish(rest: Buffer, parts: StreamPart[]): void {
    isEventOver = false;
    let bytes = rest;
    if (held.length > 0) {
      held.append(rest);
      bytes = held.take();
    }
    const isEvent = !isOversized && bytes.length <= maxEventBytes;
    isOversized = false;
    if (isFirst && bytes.subarray(0, 3).equals(byteOrderMark)) {
      parts.push({ bytes: bytes.subarray(0, 3), isEvent: false });
      bytes = bytes.subarray(3);
    }
    isFirst = false;
    if (bytes.length > 0) parts.push({ bytes, isEvent });
  }

  return {
    push(bytes) {
      const chunk = asBuffer(bytes);
      const parts: StreamPart[] = [];
      if (chunk.length === 0) return parts;
      let eventFrom = 0;
      let at = 0;
      if (isAfterCr && chunk[0] === lineFeed) at = 1;
      if (isEventOver) {
        finish(chunk.subarray(0, at), parts);
        eventFrom = at;
      }
      isAfterCr = false;

      let nextLf = chunk.indexOf(lineFeed, at);
      let nextCr = chunk.indexOf(carriageReturn, at);
      while (nextLf !== -1 || nextCr !== -1) {
        const isCr = nextCr !== -1 && (nextLf === -1 || nextCr < nextLf);
        const lineEnd = isCr ? nextCr : nextLf;
        const isBlank = isLineEmpty && lineEnd === at;
        at = isCr && nextLf === lineEnd + 1 ? lineEnd + 2 : lineEnd + 1;
        isLineEmpty = true;
        isAfterCr = isCr && at === lineEnd + 1 && at === chunk.length;
        if (isBlank && isAfterCr) isEventOver = true;
        else if (isBlank) {
          finish(chunk.subarray(eventFrom, at), parts);
          eventFrom = at;
        }
        if (nextLf !== -1 && nextLf < at) nextLf = chunk.indexOf(lineFeed, at);
        if (nextCr !== -1 && nextCr < at) nextCr = chunk.indexOf(carriageReturn, at);
      }
      if (at < chunk.length) isLineEmpty = false;
      hold(chunk.subarray(eventFrom), parts);
      return parts;
    },
    end() {
      const parts: StreamPart[] = [];
      if (isEventOver) finish(empty, parts);
      else if (held.length > 0) parts.push({ bytes: held.take(), isEvent: false });
      return parts;
    },
  };
}

/** What an event says. */
export interface StreamEvent {
  /** `message` unless the event names another. */
  readonly event: string;
  /** Absent if the event has none, or one that the specification says to ignore. */
  readonly id?: string;
  /** Its data lines, joined by line feeds; undefined if it has none, and so says nothing. */
  readonly data: string | undefined;
}

/** Reads the fields of one event, as the splitter gives it out. Comments and unknown fields are ignored. */
export function readEvent(bytes: Buffer): StreamEvent {
  let event = '';
  let id: string | undefined;
  let data: string | undefined;
  forEachField(bytes, (name, valueFrom, valueEnd) => {
    const value = bytes.toString('utf8', valueFrom, valueEnd);
    if (name === 'event') event = value;
    else if (name === 'data') data = data === undefined ? value : `${data}\n${value}`;
    else if (name === 'id' && !value.includes('\0')) id = value;
  });
  return { event: event || 'message', ...(id !== undefined && { id }), data };
}

/** Its data as bytes, shared with the event if it is on one line; undefined if it has none. */
export function readData(bytes: Buffer): Buffer | undefined {
  const place = findData(bytes);
  if (place) return bytes.subarray(place.from, place.end);
  const { data } = readEvent(bytes);
  return data === undefined ? undefined : Buffer.from(data);
}

/** Where an event's only data line has its value; undefined if it has none or several. */
export function findData(bytes: Buffer): { readonly from: number; readonly end: number } | undefined {
  let found: { from: number; end: number } | undefined;
  let count = 0;
  forEachField(bytes, (name, from, end) => {
    if (name !== 'data') return;
    found = { from, end };
    count += 1;
  });
  return count === 1 ? found : undefined;
}

/** Tells each line that is one of the fields `event`, `data` and `id`, and where its value stands. */
function forEachField(
  bytes: Buffer,
  tell: (name: string, valueFrom: number, valueEnd: number) => void,
): void {
  let nextCr = bytes.indexOf(carriageReturn);
  for (let from = 0; from < bytes.length;) {
    const nextLf = bytes.indexOf(lineFeed, from);
    if (nextCr !== -1 && nextCr < from) nextCr = bytes.indexOf(carriageReturn, from);
    const end = Math.min(nextLf === -1 ? bytes.length : nextLf, nextCr === -1 ? bytes.length : nextCr);
    const name = fieldNames.find((candidate) => isNamed(bytes, from, end, candidate));
    if (name !== undefined) {
      const colonAt = from + name.length;
      const valueFrom = bytes[colonAt + 1] === space ? colonAt + 2 : colonAt + 1;
      tell(name, Math.min(valueFrom, end), end);
    }
    from = end + 1;
  }
}

/** A line is a name, or a name, a colon and its value. */
function isNamed(bytes: Buffer, from: number, end: number, name: string): boolean {
  const nameEnd = from + name.length;
  if (nameEnd > end || (nameEnd < end && bytes[nameEnd] !== colon)) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[from + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

const fieldNames = ['data', 'event', 'id'];
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const empty = Buffer.alloc(0);
