import { space, quote, comma, openBracket, backslash, openBrace, closeBrace } from './ascii.ts';

export interface ValueSkipper {
  /** The value's first byte. */
  begin(byte: number): void;
  /** One past the value's end in a chunk that goes on with it at `from`; -1 if it goes on in the next chunk. */
  skip(chunk: Uint8Array, from: number): number;
}

/** Finds where a JSON value ends, one after the other, without reading more of it than its structure. */
export function createValueSkipper(): ValueSkipper {
  let depth = 0;
  let isString = false;
  /** The next byte follows a backslash. */
  let isEscaped = false;

  function skipString(chunk: Uint8Array, from: number): number {
    let at = isEscaped ? from + 1 : from;
    isEscaped = false;
    for (;;) {
      // Most strings are short: only a long one is worth a native search.
      const nearEnd = Math.min(at + nearBytes, chunk.length);
      while (at < nearEnd) {
        const byte = chunk[at]!;
        if (byte === quote) return at + 1;
        at += byte === backslash ? 2 : 1;
      }
      if (at >= chunk.length) {
        isEscaped = at > chunk.length;
        return -1;
      }
      const found = chunk.indexOf(quote, at);
      const end = found === -1 ? chunk.length : found;
      let backslashesFrom = end;
      while (backslashesFrom > at && chunk[backslashesFrom - 1] === backslash) backslashesFrom -= 1;
      const isOdd = (end - backslashesFrom) % 2 === 1;
      if (found === -1) {
        isEscaped = isOdd;
        return -1;
      }
      at = found + 1;
      if (!isOdd) return at;
    }
  }

  function skipNested(chunk: Uint8Array, from: number): number {
    const length = chunk.length;
    let level = depth;
    let at = from;
    while (at < length) {
      const byte = chunk[at]!;
      at += 1;
      if (byte < openBracket && byte !== quote) continue;
      if (byte === quote) {
        at = skipString(chunk, at);
        if (at !== -1) continue;
        isString = true;
        break;
      }
      // Braces and brackets differ in one bit, here set.
      const folded = byte | 0x20;
      if (folded === openBrace) level += 1;
      else if (folded === closeBrace) {
        level -= 1;
        if (level === 0) {
          depth = 0;
          return at;
        }
      }
    }
    depth = level;
    return -1;
  }

  return {
    begin(byte) {
      isString = byte === quote;
      isEscaped = false;
      depth = (byte | 0x20) === openBrace ? 1 : 0;
    },
    skip(chunk, from) {
      if (!isString && depth === 0) return skipScalar(chunk, from);
      if (!isString) return skipNested(chunk, from);
      const end = skipString(chunk, from);
      isString = end === -1;
      return depth === 0 || isString ? end : skipNested(chunk, end);
    },
  };
}

function skipScalar(chunk: Uint8Array, from: number): number {
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at]!;
    if (byte === comma || byte === closeBrace || byte <= space) return at;
  }
  return -1;
}

const nearBytes = 64;
