/** What an analyzer is asked about: a text, or a part of a long one. */
export interface TextPiece {
  /** Position of its text in the request's list. */
  readonly index: number;
  /** Where it begins in that. */
  readonly from: number;
  readonly text: string;
}

/** A model takes memory in proportion to the longest text, and Presidio none of more than a million characters. */
const maxPieceChars = 50_000;
/** Of the piece before, so that what is cut is whole in one of the two. */
const overlapChars = 200;

/** Without those that hold no letter, as there is no name in them. */
export function textPieces(texts: readonly string[]): TextPiece[] {
  const pieces: TextPiece[] = [];
  for (const [index, text] of texts.entries()) {
    // Python refuses lone surrogates; what takes their place is as long.
    const wellFormed = text.toWellFormed();
    for (let from = 0; ;) {
      const end = endOfPiece(wellFormed, from);
      const piece = wellFormed.slice(from, end);
      if (/\p{L}/u.test(piece)) pieces.push({ index, from, text: piece });
      if (end === wellFormed.length) break;
      from = outsideOfPair(wellFormed, end - overlapChars);
    }
  }
  return pieces;
}

function endOfPiece(text: string, from: number): number {
  const end = from + maxPieceChars;
  return end >= text.length ? text.length : outsideOfPair(text, end);
}

function outsideOfPair(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at;
}

/** In lists of bounded size, which go over the wire together. */
export function batchesOf(pieces: readonly TextPiece[]): TextPiece[][] {
  const batches: TextPiece[][] = [];
  let chars = 0;
  for (const piece of pieces) {
    const batch = batches.at(-1);
    chars += piece.text.length;
    if (batch === undefined || batch.length === maxBatchTexts || chars > maxBatchChars) {
      batches.push([piece]);
      chars = piece.text.length;
    } else batch.push(piece);
  }
  return batches;
}

const maxBatchTexts = 100;
const maxBatchChars = 100_000;
