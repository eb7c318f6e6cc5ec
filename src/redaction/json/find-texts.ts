import { type Edit, applyEdits, mergeEdits, spreadEdits } from '../edits.ts';
import { type Place, free, isStructure } from './place.ts';
import { type UrlText, urlTexts } from './url-texts.ts';
import { type Token, type Walk, createStringReader, walkJson } from './walk-json.ts';

export interface Text {
  readonly text: string;
  /** The name of the member that holds it, which may say what it is; empty if there is none. */
  readonly key: string;
  /** What somebody goes by. */
  readonly isName: boolean;
  /** May be drawn by lot: only what is all of it counts as found. */
  readonly isOpaque: boolean;
}

/** Whether what is found there in a text counts. */
export function counts({ text, isOpaque }: Text, { from, end }: { from: number; end: number }): boolean {
  return !isOpaque || (from === 0 && end === text.length);
}

/** The texts of a JSON body. They are looked at outside, in one go, and what is to be replaced comes back. */
export interface JsonTexts {
  readonly texts: readonly Text[];
  /**
   * The body with its texts edited; undefined if none is. A string is written anew if it changes, and a number
   * becomes a string; everything else stays byte for byte.
   *
   * @param edits of each text
   */
  patch(edits: readonly (readonly Edit[])[]): Buffer | undefined;
}

/**
 * Finds what is to be scanned in a JSON body, escapes decoded:
 * - strings, and in free-form data numbers as they are written and names of members;
 * - in place of a string that is itself a JSON object or list, what is in it, `maxLevels` deep: it is free-form;
 * - for text parts that follow one another in a message, also their joined text: what is found across them is
 *   replaced in the first, and cut out of the others;
 * - of addresses that are fetched only what can be replaced.
 */
export function findTexts(bytes: Buffer, root: Place): JsonTexts {
  const texts: Text[] = [];
  const patch = findIn(bytes, root, 0, texts);
  return { texts, patch };
}

const maxLevels = 3;

type Patch = JsonTexts['patch'];

/** Adds what it finds to `texts`. */
function findIn(bytes: Buffer, root: Place, level: number, texts: Text[]): Patch {
  const slots: Slot[] = [];
  const parts = createPartJoiner();
  const read = createStringReader(bytes);
  walkJson(bytes, read, root, (token, walk) => {
    const isNumber = token.kind === 'number';
    const text = isNumber ? bytes.toString('latin1', token.from, token.end) : read(token.from, token.end);
    if (text.length === 0) return parts.add(token, walk, undefined);
    const { from, end, key } = token;
    const pieces = token.place.kind === 'url' ? urlTexts(text) : undefined;
    if (pieces) {
      slots.push({ from, end, text, index: texts.length, pieces });
      texts.push(...pieces.map((piece) => ({ ...piece, isName: false })));
      return;
    }
    if (isStructure(token.place, text)) return;
    const isName = token.place.kind === 'name';
    const isInner = level < maxLevels && token.kind === 'string' && !isName;
    const inner = isInner ? readInnerJson(text) : undefined;
    if (inner) {
      slots.push({ from, end, patch: findIn(inner, free, level + 1, texts) });
      return;
    }
    const set = token.place.isSet ? walk.frames[walk.depth - 1]!.from : undefined;
    slots.push({ from, end, text, index: texts.length, set });
    texts.push({ text, key, isName, isOpaque: false });
    parts.add(token, walk, texts.length - 1);
  });
  const joins = parts.end().map((indexes) => {
    const joined = indexes.map((index) => texts[index]!.text).join('');
    texts.push({ text: joined, key: texts[indexes[0]!]!.key, isName: false, isOpaque: false });
    return { indexes, joined: texts.length - 1 };
  });

  return (edits) => {
    const across = new Map<number, readonly Edit[]>();
    for (const { indexes, joined } of joins) {
      spreadEdits(
        edits[joined] ?? [],
        indexes.map((index) => texts[index]!.text.length),
      ).forEach((own, part) => across.set(indexes[part]!, own));
    }
    const pieces: Buffer[] = [];
    let at = 0;
    const differ = createDistinct();
    for (const slot of slots) {
      const changed = differ(slot, patchSlot(slot, edits, across));
      if (changed === undefined) continue;
      pieces.push(bytes.subarray(at, slot.from), Buffer.from(JSON.stringify(changed)));
      at = slot.end;
    }
    if (pieces.length === 0) return undefined;
    pieces.push(bytes.subarray(at));
    return Buffer.concat(pieces);
  };
}

/** A token that may change: a text of its own, or JSON that has texts. */
type Slot = { readonly from: number; readonly end: number } & (
  | { readonly text: string; readonly index: number; readonly set: number | undefined }
  | { readonly text: string; readonly index: number; readonly pieces: readonly UrlText[] }
  | { readonly patch: Patch }
);

function patchSlot(
  slot: Slot,
  edits: readonly (readonly Edit[])[],
  across: ReadonlyMap<number, readonly Edit[]>,
): string | undefined {
  if ('patch' in slot) return slot.patch(edits)?.toString('utf8');
  if ('pieces' in slot) return patchUrl(slot, edits);
  const own = mergeEdits(across.get(slot.index) ?? [], edits[slot.index] ?? []);
  if (own.length === 0) return undefined;
  const changed = applyEdits(slot.text, own);
  return changed === slot.text ? undefined : changed;
}

function patchUrl(
  { text: url, index, pieces }: Extract<Slot, { pieces: unknown }>,
  edits: readonly (readonly Edit[])[],
): string | undefined {
  const changed = pieces.flatMap(({ from, end, text, write }, at): Edit[] => {
    const edited = applyEdits(text, edits[index + at] ?? []);
    return edited === text ? [] : [{ from, end, text: write(edited) }];
  });
  return changed.length === 0 ? undefined : applyEdits(url, changed);
}

/** Numbers what is the same as another element of its set, once it has changed. */
function createDistinct() {
  const sets = new Map<number, Map<string, number>>();
  return (slot: Slot, changed: string | undefined): string | undefined => {
    if (!('set' in slot) || slot.set === undefined) return changed;
    const seen = sets.get(slot.set) ?? new Map<string, number>();
    sets.set(slot.set, seen);
    const value = changed ?? slot.text;
    const count = (seen.get(value) ?? 0) + 1;
    seen.set(value, count);
    return changed === undefined || count === 1 ? changed : `${changed} ${count}`;
  };
}

/** Undefined unless the text is an object or a list. */
function readInnerJson(text: string): Buffer | undefined {
  if (!innerJsonPattern.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  // A lone surrogate has no UTF-8, but it has an escape.
  return Buffer.from(text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, escapeUnit));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16)}`;
}

/** Collects runs of text parts: elements of a list that have a text in their member `text`, or in `text.value`. */
function createPartJoiner(): PartJoiner {
  /** By where their list begins. */
  const open = new Map<number, { indexes: number[]; element: number }>();
  const runs: number[][] = [];
  return {
    add({ key }, { depth, frames }, index) {
      const isNested = key === 'value' && frames[depth - 1]?.key === 'text';
      if (!isNested && key !== 'text') return;
      const list = frames[depth - (isNested ? 3 : 2)];
      if (!list?.isList || !list.place.joinsParts) return;
      const run = open.get(list.from);
      if (run && list.commas <= run.element + 1) {
        run.element = list.commas;
        if (index !== undefined) run.indexes.push(index);
        return;
      }
      const indexes = index === undefined ? [] : [index];
      open.set(list.from, { indexes, element: list.commas });
      runs.push(indexes);
    },
    end: () => runs.filter((indexes) => indexes.length > 1),
  };
}

interface PartJoiner {
  /** @param index of its text; undefined if that is empty */
  add(token: Token, walk: Walk, index: number | undefined): void;
  end(): number[][];
}

const innerJsonPattern = /^\s*[{[]/;
