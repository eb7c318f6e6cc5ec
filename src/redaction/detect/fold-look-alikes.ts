import { foldedUnit } from './character-kinds.ts';
import { countUpTo } from './count-up-to.ts';

/** A text as it is read, with the way back to what was written. */
export interface FoldedText {
  readonly text: string;
  /** Where `[from, end)` of the folded text stands in the written one. */
  original(from: number, end: number): { from: number; end: number };
}

/**
 * Digits, letters and signs of other widths and scripts as their ASCII ones, and characters that nobody sees left
 * out. Everything else keeps its place.
 */
export function foldLookAlikes(written: string): FoldedText {
  /** For each unit left out, where in the folded text it would stand, ascending. */
  const removedAt: number[] = [];
  const text = written.replace(lookAlikes, (found: string, offset: number) => {
    if (found.length === 2) {
      // Ten digits in each of five styles; the unit that is left out is the second.
      removedAt.push(offset - removedAt.length + 1);
      return String((found.charCodeAt(1) - 0xdfce) % 10);
    }
    const folded = foldedUnit(found.charCodeAt(0))!;
    if (folded === '') removedAt.push(offset - removedAt.length);
    return folded;
  });
  return {
    text,
    original(from, end) {
      const start = from + countUpTo(removedAt, from);
      return { from: start, end: Math.max(start + 1, end + countUpTo(removedAt, end - 1) + wideEnd(end)) };
    },
  };

  /** A mathematical digit is two units long: its second belongs to a finding that ends with it. */
  function wideEnd(end: number): number {
    const last = end - 1 + countUpTo(removedAt, end - 1);
    return written.charCodeAt(last) === 0xd835 ? 1 : 0;
  }
}

const lookAlikes = createPattern();

function createPattern(): RegExp {
  let units = '';
  for (let code = 0x80; code < 65_536; code += 1) {
    if (foldedUnit(code) !== undefined) units += `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return new RegExp(`[${units}]|\\ud835[\\udfce-\\udfff]`, 'g');
}
