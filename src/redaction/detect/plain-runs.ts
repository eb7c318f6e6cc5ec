/** As much of a text as is looked at at a time, in UTF-16 units. */
export const windowUnits = 32_768;

/**
 * Tells where runs of plain units end in a piece of a text. It holds a copy of that, as reading a string takes twice as
 * long, and of ASCII reads two characters at a time.
 */
export interface PlainRuns {
  /** @param piece of at most `windowUnits` */
  load(piece: string): void;
  /** The first place that is not plain, from `from` in the piece on; its length if there is none. */
  endFrom(from: number): number;
  /** Leaves nothing of what was loaded since it was last called. */
  clear(): void;
}

/** @param kinds of each UTF-16 unit, 0 for a plain one */
export function createPlainRuns(kinds: Uint8Array): PlainRuns {
  const encoder = new TextEncoder();
  const bytes = Buffer.alloc(2 * windowUnits);
  const units = new Uint16Array(bytes.buffer, bytes.byteOffset, windowUnits);
  const pairKinds = kindsOfPairs(kinds);
  let isAscii = true;
  let length = 0;
  let usedUnits = 0;
  return {
    load(piece) {
      length = piece.length;
      isAscii = encoder.encodeInto(piece, bytes).written === length;
      if (!isAscii) bytes.write(piece, 'utf16le');
      // What is not ASCII was first written as UTF-8, with up to three bytes a unit.
      usedUnits = Math.max(usedUnits, isAscii ? (length + 1) >> 1 : 2 * length);
    },
    endFrom: (from) =>
      isAscii
        ? endInAscii(bytes, kinds, units, pairKinds, from, length)
        : endInUnits(units, kinds, from, length),
    clear() {
      units.fill(0, 0, usedUnits);
      usedUnits = 0;
    },
  };
}

/** Of two bytes as one little-endian unit: 0 if both are plain, 2 if only the first is. */
function kindsOfPairs(kinds: Uint8Array): Uint8Array {
  const ofPair = (pair: number): number => (kinds[pair & 255] !== 0 ? 1 : kinds[pair >> 8] !== 0 ? 2 : 0);
  return new Uint8Array(65_536).map((_, pair) => ofPair(pair));
}

/** The innermost loops are functions of their own so that each is compiled as one. */
function endInUnits(units: Uint16Array, kinds: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && kinds[units[at]!] === 0) at += 1;
  return at;
}

function endInAscii(
  bytes: Uint8Array,
  kinds: Uint8Array,
  pairs: Uint16Array,
  pairKinds: Uint8Array,
  from: number,
  end: number,
): number {
  // Without branches on what is odd, which no processor can predict.
  if ((from & 1) * kinds[bytes[from]!]! !== 0) return from;
  const pairsEnd = (end + 1) >> 1;
  let pair = (from + 1) >> 1;
  while (pair < pairsEnd && pairKinds[pairs[pair]!] === 0) pair += 1;
  return Math.min(end, pair * 2 + (pairKinds[pairs[pair]!]! >> 1));
}
