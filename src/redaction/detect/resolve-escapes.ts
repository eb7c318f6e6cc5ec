import { countUpTo } from './count-up-to.ts';
import type { FoldedText } from './fold-look-alikes.ts';

/**
 * A text that quotes JSON, or code, as who parses that reads it: with its escapes resolved, however many backslashes
 * they have by having been quoted again. Undefined if there is none. What is found covers whole escapes, so that what
 * is left of them stays valid.
 */
export function resolveEscapes(written: string): FoldedText | undefined {
  if (!written.includes('\\')) return undefined;
  /** For each unit left out, the place behind what stands for its escape, ascending. */
  const removedAt: number[] = [];
  const text = written.replace(
    escapes,
    (found: string, code: string | undefined, sign: string, offset: number) => {
      const at = offset - removedAt.length;
      for (let extra = 1; extra < found.length; extra += 1) removedAt.push(at + 1);
      return code === undefined ? (blanks.get(sign) ?? sign) : String.fromCharCode(parseInt(code, 16));
    },
  );
  if (removedAt.length === 0) return undefined;
  return {
    text,
    original: (from, end) => ({
      from: from + countUpTo(removedAt, from),
      end: end + countUpTo(removedAt, end),
    }),
  };
}

/** RFC 8259, section 7, but for those that nobody writes, which in a path of Windows are letters of a name. */
const escapes = /(?<!\\)\\+(?:u([\dA-Fa-f]{4})|(["/nrt]))/g;

const blanks = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
