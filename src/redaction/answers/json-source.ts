import type { Edit } from '../edits.ts';
import type { Settled } from './settle.ts';

/** The source of a JSON text, which arrives in pieces, and the same with the escapes in its strings resolved. */
export interface JsonSource {
  /** The next piece, resolved; an escape that it ends in is kept for the next one, unless this is the last. */
  resolve(piece: string, isLast: boolean): string;
  /**
   * Places and replacements of the resolved text as those of the source. What goes into a string is escaped, and what
   * stands for a number becomes a string. Must be called in the text's order.
   *
   * @param isNumber whether an edit of the resolved text replaces a number
   */
  toSource(settled: Settled, isNumber: (edit: Edit) => boolean): Settled;
}

export function createJsonSource(): JsonSource {
  // Where the pieces ended, in the resolved text.
  let length = 0;
  let isInString = false;
  let held = '';
  /** Places in the resolved text where a string begins or ends, and where an escape was, which are yet to be passed. */
  let marks: Mark[] = [];
  let passed = 0;
  // Of the place up to which all is settled.
  let shift = 0;
  let wasInString = false;

  /** Walks over the marks before `to`; `on` is told each. */
  function pass(to: number, onQuote: (at: number) => void = () => {}): void {
    for (; passed < marks.length && marks[passed]!.at < to; passed += 1) {
      const { at, extra } = marks[passed]!;
      shift += extra;
      if (extra > 0) continue;
      wasInString = !wasInString;
      onQuote(at);
    }
  }

  return {
    resolve(piece, isLast) {
      const text = held + piece;
      held = '';
      let resolved = '';
      let plainFrom = 0;
      structure.lastIndex = 0;
      for (let found = structure.exec(text); found; found = structure.exec(text)) {
        const at = found.index;
        if (text[at] === '"') {
          marks.push({ at: length + resolved.length + at - plainFrom, extra: 0 });
          isInString = !isInString;
          continue;
        }
        if (!isInString) continue;
        const escape = text.slice(at, at + (text[at + 1] === 'u' ? 6 : 2));
        const isCut = escape.length < (text[at + 1] === 'u' ? 6 : 2);
        if (isCut && !isLast) {
          held = escape;
          break;
        }
        const unit = isCut ? undefined : readEscape(escape);
        if (unit === undefined) continue;
        resolved += text.slice(plainFrom, at) + unit;
        plainFrom = at + escape.length;
        structure.lastIndex = plainFrom;
        marks.push({ at: length + resolved.length - 1, extra: escape.length - 1 });
      }
      resolved += text.slice(plainFrom, text.length - held.length);
      length += resolved.length;
      return resolved;
    },
    toSource({ edits, end }, isNumber) {
      const own: Edit[] = [];
      for (const edit of edits) {
        pass(edit.from);
        const from = edit.from + shift;
        const isIn = wasInString;
        const quotes: number[] = [];
        pass(edit.end, (at) => quotes.push(at + shift));
        const to = edit.end + shift;
        if (quotes.length > 0) own.push(...withoutStructure(from, to, isIn, quotes, escapeText(edit.text)));
        else if (isIn) own.push({ from, end: to, text: escapeText(edit.text) });
        else own.push({ from, end: to, text: isNumber(edit) ? JSON.stringify(edit.text) : edit.text });
      }
      pass(end);
      marks = marks.slice(passed);
      passed = 0;
      return { edits: own, end: end + shift };
    },
  };
}

interface Mark {
  readonly at: number;
  /** By how much longer the source is than what it resolves to; 0 for a quote. */
  readonly extra: number;
}

const structure = /["\\]/g;

function readEscape(escape: string): string | undefined {
  if (escape.length === 6) {
    return /^\\u[0-9a-fA-F]{4}$/.test(escape)
      ? String.fromCharCode(parseInt(escape.slice(2), 16))
      : undefined;
  }
  return simpleEscapes.get(escape[1]!);
}

const simpleEscapes = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }),
);

function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Of a piece that spans several strings only what is in the strings is replaced. */
function withoutStructure(
  from: number,
  end: number,
  isIn: boolean,
  quotes: readonly number[],
  text: string,
): Edit[] {
  const edits: Edit[] = [];
  let at = from;
  let isInString = isIn;
  for (const edge of [...quotes, end]) {
    if (isInString && edge > at) edits.push({ from: at, end: edge, text: edits.length === 0 ? text : '' });
    at = edge + 1;
    isInString = !isInString;
  }
  return edits;
}
