import type { Edit } from '../edits.ts';
import type { Settler } from './settle.ts';

/**
 * Replaces what `find` finds, but for what `isReplaced` spares, which is asked once about each. A finding may need to see what comes after it, so the text is looked at in windows that
 * overlap, and whose places depend on the text alone: however it arrives, the result is the same.
 *
 * @param find positions are those of the text that it is given
 * @param windowLength what a finding may need to see on either side, in UTF-16 units: the end of a text is held back
 * until as much as two of them has come
 */
export function settleFindings<Found extends Edit>(
  find: (text: string) => readonly Found[],
  windowLength = 256,
  isReplaced: (found: Found) => boolean = () => true,
): Settler {
  return {
    contextLength: windowLength,
    settle(text, from, isWhole) {
      const edits: Edit[] = [];
      let at = from;
      while (at < text.length) {
        const window = look(text, at, isWhole);
        if (!window) break;
        edits.push(...window.edits.filter(isReplaced));
        at = window.end;
      }
      return { edits, end: at };
    },
  };

  /** Decides what begins in the next `windowLength`; undefined if there is too little text to do so. */
  function look(text: string, at: number, isWhole: boolean): { edits: Found[]; end: number } | undefined {
    const start = Math.max(0, at - windowLength);
    for (let ahead = windowLength; ; ahead *= 2) {
      const seenEnd = Math.min(text.length, at + windowLength + ahead);
      const isAll = isWhole && seenEnd === text.length;
      if (!isAll && seenEnd < at + windowLength + ahead) return undefined;
      const edits: Found[] = [];
      let end = Math.min(text.length, at + windowLength);
      // Not within a surrogate pair, whose halves have no UTF-8.
      if (end < text.length && isLowSurrogate(text.charCodeAt(end))) end += 1;
      for (const edit of find(text.slice(start, seenEnd))) {
        const own = { ...edit, from: Math.max(at, start + edit.from), end: start + edit.end };
        if (own.end <= at || own.from >= end) continue;
        edits.push(own);
        end = Math.max(end, own.end);
      }
      if (isAll || ahead >= maxAhead) return { edits, end };
      // One that reaches the end of what is seen may go on, and a long one may not be seen for what it is yet.
      if (end < seenEnd && !hasLongBeginning(text, at, end, edits)) return { edits, end };
    }
  }
}

/** How much longer than a window a finding may be, in UTF-16 units. */
const maxAhead = 8_192;

/** What is found only with its end, which is far. */
const longBeginning = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY|\beyJ[\w-]{10}/g;
const longBeginningLength = 64;

/** Whether such a thing begins there and is not found. */
function hasLongBeginning(text: string, from: number, end: number, edits: readonly Edit[]): boolean {
  for (const { index } of text.slice(from, end + longBeginningLength).matchAll(longBeginning)) {
    const at = from + index;
    if (at < end && !edits.some((edit) => edit.from <= at && at < edit.end)) return true;
  }
  return false;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
