import type { Edit } from '../edits.ts';
import { type JsonSource, createJsonSource } from './json-source.ts';
import type { Settled, Settler } from './settle.ts';

/** A text that arrives in pieces. Places are those of the whole text, in UTF-16 units. */
export interface TextChannel {
  /** What this makes certain, beyond what was certain before. */
  push(piece: string): Settled;
  /** Makes certain all that has come. The text may go on. */
  flush(): Settled;
}

/**
 * Keeps of a text what is not settled yet, and as much before it as the settler needs. A text that begins as JSON does
 * is read with its escapes resolved, and what is put into its strings is escaped.
 */
export function createTextChannel(settler: Settler): TextChannel {
  /** What is kept begins at `start`, of which all before `from` is settled. */
  let kept = '';
  let start = 0;
  let from = 0;
  let source: JsonSource | undefined;
  let beginning = '';
  let isPlain = false;

  function settle(isWhole: boolean): Settled {
    const { edits, end } = settler.settle(kept, from - start, isWhole);
    const settled = {
      edits: edits.map((edit): Edit => ({ ...edit, from: start + edit.from, end: start + edit.end })),
      end: start + end,
    };
    from = settled.end;
    const ofSource = source?.toSource(settled, isNumber);
    const context = Math.max(start, from - settler.contextLength);
    kept = kept.slice(context - start);
    start = context;
    return ofSource ?? settled;
  }

  function isNumber(edit: Edit): boolean {
    return /^-?\d[\d.eE+-]*$/.test(kept.slice(edit.from - start, edit.end - start));
  }

  return {
    push(piece) {
      if (!source && !isPlain) {
        beginning += piece;
        const first = /\S/.exec(beginning)?.[0];
        if (first === '{' || first === '[') source = createJsonSource();
        else if (first !== undefined) isPlain = true;
        else return { edits: [], end: 0 };
        kept = source ? source.resolve(beginning, false) : beginning;
        beginning = '';
        return settle(false);
      }
      kept += source ? source.resolve(piece, false) : piece;
      return settle(false);
    },
    flush() {
      // Blanks alone.
      kept += beginning;
      isPlain ||= !source && beginning !== '';
      beginning = '';
      if (source) kept += source.resolve('', true);
      return settle(true);
    },
  };
}

/** The edits of a text that is there as a whole: the same as of one that comes in pieces. */
export function editWhole(settler: Settler, text: string): Edit[] {
  const channel = createTextChannel(settler);
  const { edits } = channel.push(text);
  return [...edits, ...channel.flush().edits];
}
