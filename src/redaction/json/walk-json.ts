import { isAscii } from 'node:buffer';

import {
  backslash,
  closeBrace,
  closeBracket,
  colon,
  comma,
  openBrace,
  openBracket,
  quote,
  space,
} from '../../openai/ascii.ts';
import { createValueSkipper } from '../../openai/skip-json-value.ts';
import type { Place } from './place.ts';

/** A string, a number or a name of a member, in offsets of the bytes; quotes are part of it. */
export interface Token {
  readonly kind: 'string' | 'number' | 'key';
  readonly from: number;
  readonly end: number;
  readonly place: Place;
  /** The nearest member's; of a key its own. Empty if there is none. */
  readonly key: string;
}

/** Where the walk is. It is the walk's own, and goes on with it. */
export interface Walk {
  readonly depth: number;
  /** What is open, the outermost first; what lies beyond `depth` is over. */
  readonly frames: readonly Frame[];
}

/** An object or a list that is open. */
export interface Frame {
  readonly isList: boolean;
  /** Offset of its bracket. */
  readonly from: number;
  /** The name of the member that it is, or is in. */
  readonly key: string;
  readonly place: Place;
  /** In a list, the index of the element. */
  readonly commas: number;
}

/**
 * Goes once through JSON and tells its tokens at places that are to be scanned, in their order, duplicates and all.
 * It doesn't validate: on bytes that are no JSON it tells what looks like a token. It never throws for them, needs
 * no stack for depth, and its time is linear.
 */
export function walkJson(
  bytes: Buffer,
  read: StringReader,
  root: Place,
  tell: (token: Token, walk: Walk) => void,
): void {
  const frames: { -readonly [Part in keyof Frame]: Frame[Part] }[] = [];
  const walk = { depth: 0, frames };
  const skipper = createValueSkipper();
  /** Of the value that comes next. */
  let place = root;
  let key = '';
  let isKeyNext = false;

  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at]!;
    if (byte <= space || byte === colon) {
      at += 1;
    } else if (byte === quote) {
      const from = at;
      at = findStringEnd(bytes, from + 1);
      if (at > bytes.length) return;
      if (isKeyNext) {
        const parent = frames[walk.depth - 1]!.place;
        key = read(from, at);
        if (parent.scansNames) tell({ kind: 'key', from, end: at, place: parent, key }, walk);
        place = parent.member(key);
        isKeyNext = false;
      } else if (place.kind !== 'leave') {
        tell({ kind: 'string', from, end: at, place, key }, walk);
      }
    } else if (byte === comma) {
      at += 1;
      const frame = frames[walk.depth - 1];
      if (walk.depth === 0 || !frame) continue;
      frame.commas += 1;
      isKeyNext = !frame.isList;
      if (frame.isList) ({ place, key } = frame);
    } else if (byte === openBrace || byte === openBracket) {
      at += 1;
      if (place.kind === 'leave') {
        skipper.begin(byte);
        at = skipper.skip(bytes, at);
        if (at === -1) return;
        continue;
      }
      frames[walk.depth] = { isList: byte === openBracket, from: at - 1, key, place, commas: 0 };
      walk.depth += 1;
      isKeyNext = byte === openBrace;
    } else if (byte === closeBrace || byte === closeBracket) {
      at += 1;
      walk.depth = Math.max(0, walk.depth - 1);
      isKeyNext = false;
    } else {
      const from = at;
      at = findScalarEnd(bytes, from + 1);
      // Literals begin with a letter, numbers don't.
      if (place.scansNumbers && byte < openBracket) {
        tell({ kind: 'number', from, end: at, place, key }, walk);
      }
    }
  }
}

/** Reads the strings of a body. */
export type StringReader = (from: number, end: number) => string;

/**
 * A string is read with its quotes and escapes. What is no UTF-8 reads as U+FFFD, and a bad escape as it is written.
 * ASCII is decoded once for the whole body: its strings are slices, which share its memory.
 */
export function createStringReader(bytes: Buffer): StringReader {
  const isPlain = isAscii(bytes);
  const latin = bytes.toString('latin1');
  const decode = (from: number, end: number): string => {
    if (!isPlain && end - from > nearBytes) return bytes.toString('utf8', from, end);
    const text = latin.slice(from, end);
    return isPlain || !notAscii.test(text) ? text : bytes.toString('utf8', from, end);
  };
  return (from, end) => {
    const text = decode(from + 1, end - 1);
    if (!text.includes('\\')) return text;
    try {
      return JSON.parse(decode(from, end)) as string;
    } catch {
      return text;
    }
  };
}

// oxlint-disable-next-line no-control-regex
const notAscii = /[^\x00-\x7f]/;

/** One past the closing quote of a string that goes on at `from`; beyond the bytes if it has none. */
function findStringEnd(bytes: Buffer, from: number): number {
  let at = from;
  // Most strings are short: only a long one is worth a native search.
  const nearEnd = Math.min(from + nearBytes, bytes.length);
  while (at < nearEnd) {
    const byte = bytes[at]!;
    if (byte === quote) return at + 1;
    at += byte === backslash ? 2 : 1;
  }
  for (;;) {
    const found = bytes.indexOf(quote, at);
    if (found === -1) return bytes.length + 1;
    let backslashesFrom = found;
    while (backslashesFrom > at && bytes[backslashesFrom - 1] === backslash) backslashesFrom -= 1;
    at = found + 1;
    if ((found - backslashesFrom) % 2 === 0) return at;
  }
}

function findScalarEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte <= space || byte === comma || byte === closeBrace || byte === closeBracket) break;
    if (byte === quote || byte === openBrace || byte === openBracket || byte === colon) break;
    at += 1;
  }
  return at;
}

const nearBytes = 48;
