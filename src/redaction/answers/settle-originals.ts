import type { Edit } from '../edits.ts';
import { readPlaceholder } from '../placeholders.ts';
import type { Settler } from './settle.ts';

/**
 * Puts originals back in place of their placeholders, also of those that a model mangled: `<email_1>`,
 * `< EMAIL 1 >`, `<EMAIL_1`, `EMAIL_1>`, `[EMAIL_1]`, `&lt;EMAIL_1&gt;`, `\<EMAIL\_1\>`, and `EMAIL_1`
 * where it is a word of its own. Only what the table knows is taken for a placeholder.
 *
 * @param originals of one scope, by placeholder: `<EMAIL_1>`
 */
export function settleOriginals(originals: ReadonlyMap<string, string>): Settler {
  const read = createMangledReader(originals);
  return {
    contextLength: 1,
    settle(text, from, isWhole) {
      const edits: Edit[] = [];
      if (!read) return { edits, end: text.length };
      const { beginning } = read;
      beginning.lastIndex = from;
      for (let found = beginning.exec(text); found; found = beginning.exec(text)) {
        const match = read.at(text, found.index, isWhole);
        if (match === 'cut') return { edits, end: found.index };
        if (!match) {
          // Behind a backslash or an ampersand another may begin; a word is over as a whole.
          beginning.lastIndex = found.index + 1;
          continue;
        }
        edits.push({ from: found.index, end: match.end, text: match.original });
        beginning.lastIndex = match.end;
      }
      return { edits, end: text.length };
    },
  };
}

interface Match {
  readonly end: number;
  readonly original: string;
}

interface MangledReader {
  /** Matches where a placeholder may begin. */
  readonly beginning: RegExp;
  /** `cut`: the text ends before it is known what this is. */
  at(text: string, from: number, isWhole: boolean): Match | 'cut' | undefined;
}

/** Undefined if there is nothing to restore. */
function createMangledReader(originals: ReadonlyMap<string, string>): MangledReader | undefined {
  const entities = new Set<string>();
  for (const name of originals.keys()) {
    const placeholder = readPlaceholder(name);
    if (placeholder?.form === 'pseudonym') entities.add(placeholder.entity);
  }
  if (entities.size === 0) return undefined;
  const initials = [...new Set([...entities].map(([initial]) => initial!))].join('');

  return {
    beginning: new RegExp(
      `[<[]|\\\\(?=[<[]|$)|&(?=[lL]|$)|(?<![\\w.$@/&#\\\\-])[${initials}${initials.toLowerCase()}]`,
      'g',
    ),
    at(text, from, isWhole) {
      const opened = readBracket(text, from, openings);
      if (opened === 'cut') return isWhole ? undefined : 'cut';
      const isOpened = opened !== undefined;
      const nameFrom = isOpened ? skipBlanks(text, opened.end) : from;
      const name = readName(text, nameFrom);
      if (name === 'cut') return isWhole ? undefined : 'cut';
      if (!name) return undefined;
      // A digit, or a bracket, may follow.
      const closed = readBracket(text, skipBlanks(text, name.end), closings);
      if (closed === 'cut' && !isWhole) return 'cut';
      const isClosed = closed !== undefined && closed !== 'cut';
      if (!isTrusted(name, opened, isClosed ? closed : undefined)) return undefined;
      return {
        end: isClosed && (isOpened || closed.isAngle) ? closed.end : name.end,
        original: name.original,
      };
    },
  };

  /** Reads a name that the table knows, with a boundary behind it. */
  function readName(text: string, from: number): Name | 'cut' | undefined {
    let canonical = '';
    let isLoose = false;
    let isExact = true;
    let isEscaped = false;
    for (let at = from; at < text.length;) {
      const unit = text[at]!;
      if (isWordUnit(unit)) {
        canonical += unit.toUpperCase();
        isExact &&= canonical.endsWith(unit);
        at += 1;
      } else {
        const original = originals.get(`<${canonical}>`);
        if (original !== undefined && unit !== '_' && !(unit === '\\' && text[at + 1] === '_')) {
          if (unit === '\\' && at + 1 === text.length) return 'cut';
          return { end: at, original, isLoose, isEscaped, isExact: isExact && unit !== '-' };
        }
        if (unit === '\\' && at + 1 === text.length) return 'cut';
        const separator = unit === '\\' ? text[at + 1] : unit;
        if (separator !== '_' && separator !== ' ' && separator !== '-') return undefined;
        if (canonical === '' || canonical.endsWith('_')) return undefined;
        isEscaped ||= unit === '\\';
        isLoose ||= separator !== '_';
        canonical += '_';
        at += unit === '\\' ? 2 : 1;
      }
      if (!couldBe(canonical)) return undefined;
    }
    const original = originals.get(`<${canonical}>`);
    if (original === undefined) return 'cut';
    return { end: text.length, original, isLoose, isEscaped, isExact };
  }

  function couldBe(beginning: string): boolean {
    for (const entity of entities) {
      if (entity.startsWith(beginning)) return true;
      if (beginning.startsWith(`${entity}_`) && /^\d{0,16}$/.test(beginning.slice(entity.length + 1)))
        return true;
    }
    return false;
  }
}

interface Name {
  readonly end: number;
  readonly original: string;
  /** Written with blanks or hyphens. */
  readonly isLoose: boolean;
  readonly isEscaped: boolean;
  /** In capitals. */
  readonly isExact: boolean;
}

interface Bracket {
  readonly end: number;
  readonly isAngle: boolean;
  /** By a backslash. */
  readonly isEscaped: boolean;
}

/** The more of a placeholder is missing, the more exact the rest must be: `Email 1` is a heading. */
function isTrusted(name: Name, opened: Bracket | undefined, closed: Bracket | undefined): boolean {
  // The backslash alone may be of the text that the placeholder stands in, and then stays.
  if (opened?.isEscaped && !closed?.isEscaped && !name.isEscaped) return false;
  if (opened && closed) return !name.isLoose || (opened.isAngle && closed.isAngle);
  if (opened || closed?.isAngle) return !name.isLoose;
  return !name.isLoose && name.isExact;
}

const openings = ['<', '[', '\\<', '\\[', '&lt;'];
const closings = ['>', ']', '\\>', '\\]', '&gt;', '/>'];

/** `cut`: what is there may be the beginning of a bracket. */
function readBracket(text: string, from: number, brackets: readonly string[]): Bracket | 'cut' | undefined {
  const rest = text.slice(from, from + 4).toLowerCase();
  for (const bracket of brackets) {
    if (rest.startsWith(bracket))
      return {
        end: from + bracket.length,
        isAngle: !/[[\]]/.test(bracket),
        isEscaped: bracket.startsWith('\\'),
      };
  }
  const isCut = from + rest.length === text.length && brackets.some((bracket) => bracket.startsWith(rest));
  return isCut ? 'cut' : undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < from + maxBlanks && text[at] === ' ') at += 1;
  return at;
}

function isWordUnit(unit: string): boolean {
  return /[A-Za-z0-9]/.test(unit);
}

const maxBlanks = 2;
