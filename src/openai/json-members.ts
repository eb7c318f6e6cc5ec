import { tab, lineFeed, carriageReturn, space, quote, comma, colon, backslash, openBrace } from './ascii.ts';
import { asBuffer, createByteBuffer } from './byte-buffer.ts';
import type { ByteBuffer } from './byte-buffer.ts';
import { createValueSkipper } from './skip-json-value.ts';

/** A member of an object, in offsets from the first byte that was pushed. */
export interface Member {
  /** Of the key's opening quote. */
  readonly keyStart: number;
  readonly valueStart: number;
  /** One past the value's last byte. */
  readonly valueEnd: number;
  /** Parsed. Undefined if it is larger than the scanner keeps, or no JSON. */
  readonly value: unknown;
}

export interface MemberScanner {
  push(chunk: Uint8Array): void;
  /** The wanted members that were whole so far, by key. */
  end(): ReadonlyMap<string, Member>;
}

export interface MemberScannerOptions {
  /** Larger values are not kept, only their place is told. 64 KiB unless told otherwise. */
  readonly maxValueBytes?: number;
}

/**
 * Finds members of one JSON object at its top level while it passes by, in memory that depends on the wanted
 * values alone. Of duplicates the last wins, as with JSON.parse; keys are
 * ASCII, and may come spelled with escapes.
 *
 * It looks for structure and doesn't validate: what is skipped may be malformed. On bytes that can't be an
 * object it stops, and what it found before stands. It never throws, and its time is linear in the bytes.
 */
export function createMemberScanner(
  keys: readonly string[],
  { maxValueBytes = 65_536 }: MemberScannerOptions = {},
): MemberScanner {
  const matchKey = createKeyMatcher(keys);
  // Each of a key's characters takes at most six bytes, as \u0075, and its quotes two.
  const maxKeyBytes = Math.max(...keys.map((key) => key.length), 0) * 6 + 2;
  const members = new Map<string, Member>();
  const skipper = createValueSkipper();

  let state: State = 'start';
  /** Offset of the current chunk's first byte. */
  let offset = 0;
  let key: string | undefined;
  let keyStart = 0;
  let valueStart = 0;
  // The token that is being kept: where it goes on in this chunk (-1: not kept), what earlier chunks held of it.
  let keptFrom = -1;
  let maxKeptBytes = 0;
  let held: ByteBuffer | undefined;

  function keep(from: number, maxBytes: number): void {
    keptFrom = from;
    maxKeptBytes = maxBytes;
  }

  /** Reads the kept token, which ends here; undefined if it grew too large. */
  function finish<T>(chunk: Buffer, end: number, read: TokenReader<T>): T | undefined {
    const from = keptFrom;
    const earlier = held;
    keptFrom = -1;
    held = undefined;
    if (from === -1 || (earlier?.length ?? 0) + end - from > maxKeptBytes) return undefined;
    if (!earlier) return read(chunk, from, end);
    earlier.append(chunk.subarray(from, end));
    const whole = earlier.take();
    return read(whole, 0, whole.length);
  }

  /** The kept token goes on in the next chunk. */
  function carryOver(chunk: Buffer): void {
    if (keptFrom === -1) return;
    held ??= createByteBuffer();
    held.append(chunk.subarray(keptFrom));
    keptFrom = 0;
    if (held.length <= maxKeptBytes) return;
    keptFrom = -1;
    held = undefined;
  }

  /** Takes one byte or one whole token; answers where to go on, -1 if the token goes on in the next chunk. */
  function step(chunk: Buffer, at: number): number {
    const byte = chunk[at]!;
    if (state === 'key') {
      const end = skipper.skip(chunk, at);
      if (end === -1) return -1;
      key = finish(chunk, end, matchKey);
      state = 'colon';
      return end;
    }
    if (state === 'value') {
      const end = skipper.skip(chunk, at);
      if (end === -1) return -1;
      if (key !== undefined) {
        const value = finish(chunk, end, parseJson);
        members.set(key, { keyStart, valueStart, valueEnd: offset + end, value });
      }
      state = 'afterValue';
      return end;
    }
    if (byte === space || byte === lineFeed || byte === carriageReturn || byte === tab) return at + 1;
    if (state === 'beforeValue') {
      valueStart = offset + at;
      if (key !== undefined) keep(at, maxValueBytes);
      state = 'value';
      skipper.begin(byte);
      return at + 1;
    }
    if (byte === quote && (state === 'beforeKey' || state === 'afterBrace')) {
      keyStart = offset + at;
      keep(at, maxKeyBytes);
      state = 'key';
      skipper.begin(byte);
      return at + 1;
    }
    if (byte === colon && state === 'colon') state = 'beforeValue';
    else if (byte === comma && state === 'afterValue') state = 'beforeKey';
    else if (byte === openBrace && state === 'start') state = 'afterBrace';
    else state = 'done';
    return at + 1;
  }

  return {
    push(bytes) {
      const chunk = asBuffer(bytes);
      let at = 0;
      while (at < chunk.length && at !== -1 && state !== 'done') at = step(chunk, at);
      carryOver(chunk);
      offset += chunk.length;
    },
    end: () => members,
  };
}

type State =
  | 'start'
  | 'afterBrace'
  | 'beforeKey'
  | 'key'
  | 'colon'
  | 'beforeValue'
  | 'value'
  | 'afterValue'
  /** After the closing brace, and after what can't be an object. */
  | 'done';

type TokenReader<T> = (bytes: Buffer, from: number, end: number) => T | undefined;

/** Answers which of `keys` a token names, its quotes included. */
function createKeyMatcher(keys: readonly string[]): TokenReader<string> {
  return (bytes, from, end) => {
    for (const key of keys) {
      if (key.length === end - from - 2 && isAt(bytes, from + 1, key)) return key;
    }
    for (let at = from; at < end; at += 1) {
      if (bytes[at] !== backslash) continue;
      const name = parseJson(bytes, from, end);
      return keys.find((key) => key === name);
    }
    return undefined;
  };
}

/** In a loop, because a native comparison costs more than a key is long. */
function isAt(bytes: Buffer, from: number, ascii: string): boolean {
  for (let index = 0; index < ascii.length; index += 1) {
    if (bytes[from + index] !== ascii.charCodeAt(index)) return false;
  }
  return true;
}

function parseJson(bytes: Buffer, from: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, end));
  } catch {
    return undefined;
  }
}
