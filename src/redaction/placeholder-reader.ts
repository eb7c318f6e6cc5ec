/** A piece of a text that is taken for a placeholder: `[from, end)`, in UTF-16 units. */
export interface FoundPlaceholder<Value> {
  readonly from: number;
  readonly end: number;
  /** What it is known as. */
  readonly value: Value;
}

/** Finds placeholders from a place of a text on, in its order, and tells up to where that is decided. */
export function findPlaceholders<Value>(
  read: PlaceholderReader<Value> | undefined,
  text: string,
  from: number,
  isWhole: boolean,
): { readonly found: readonly FoundPlaceholder<Value>[]; readonly end: number } {
  const found: FoundPlaceholder<Value>[] = [];
  if (!read) return { found, end: text.length };
  const { beginning } = read;
  beginning.lastIndex = from;
  for (let begun = beginning.exec(text); begun; begun = beginning.exec(text)) {
    const match = read.at(text, begun.index, isWhole);
    if (match === 'cut') return { found, end: begun.index };
    if (!match) {
      // Behind a backslash or an ampersand another may begin; a word is over as a whole.
      beginning.lastIndex = begun.index + 1;
      continue;
    }
    found.push({ from: begun.index, ...match });
    beginning.lastIndex = match.end;
  }
  return { found, end: text.length };
}

export interface PlaceholderReader<Value> {
  /** Matches where a placeholder may begin. */
  readonly beginning: RegExp;
  /** `cut`: the text ends before it is known what this is. */
  at(
    text: string,
    from: number,
    isWhole: boolean,
  ): { readonly end: number; readonly value: Value } | 'cut' | undefined;
}

/**
 * Reads placeholders, also those that a model mangled: `<email_1>`, `< EMAIL 1 >`, `<EMAIL_1`, `EMAIL_1>`, `[EMAIL_1]`,
 * `&lt;EMAIL_1&gt;`, `\<EMAIL\_1\>`, and `EMAIL_1` where it is a word of its own. Undefined without entities.
 *
 * @param valueOf of a placeholder as it is made, `<EMAIL_1>`; undefined if it is none
 */
export function createPlaceholderReader<Value>(
  entities: ReadonlySet<string>,
  valueOf: (placeholder: string) => Value | undefined,
): PlaceholderReader<Value> | undefined {
  if (entities.size === 0) return undefined;
  const initials = [...new Set([...entities].map(([initial]) => initial!))].join('');
  const beginnings = new Set(
    [...entities].flatMap((entity) => [...entity].map((_, index) => entity.slice(0, index + 1))),
  );

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
        value: name.value,
      };
    },
  };

  /** Reads a name that the table knows, with a boundary behind it. */
  function readName(text: string, from: number): Name<Value> | 'cut' | undefined {
    let canonical = '';
    let isLoose = false;
    let isExact = true;
    let isEscaped = false;
    for (let at = from; at < text.length;) {
      const unit = text[at]!;
      wordPattern.lastIndex = at;
      const word = wordPattern.exec(text)?.[0];
      if (word !== undefined) {
        const inCapitals = word.toUpperCase();
        canonical += inCapitals;
        isExact &&= word === inCapitals;
        at += word.length;
        if (!couldBe(canonical)) return undefined;
      } else if (canonical === '') {
        return undefined;
      } else {
        const value = valueOf(`<${canonical}>`);
        if (value !== undefined && unit !== '_' && !(unit === '\\' && text[at + 1] === '_')) {
          if (unit === '\\' && at + 1 === text.length) return 'cut';
          return { end: at, value, isLoose, isEscaped, isExact: isExact && unit !== '-' };
        }
        if (unit === '\\' && at + 1 === text.length) return 'cut';
        const separator = unit === '\\' ? text[at + 1] : unit;
        if (separator !== '_' && separator !== ' ' && separator !== '-') return undefined;
        if (canonical.endsWith('_')) return undefined;
        isEscaped ||= unit === '\\';
        isLoose ||= separator !== '_';
        canonical += '_';
        at += unit === '\\' ? 2 : 1;
        if (!couldBe(canonical)) return undefined;
      }
    }
    const value = valueOf(`<${canonical}>`);
    if (value === undefined) return 'cut';
    return { end: text.length, value, isLoose, isEscaped, isExact };
  }

  function couldBe(canonical: string): boolean {
    if (beginnings.has(canonical)) return true;
    const underscore = canonical.lastIndexOf('_');
    return (
      entities.has(canonical.slice(0, underscore)) && numberPattern.test(canonical.slice(underscore + 1))
    );
  }
}

interface Name<Value> {
  readonly end: number;
  readonly value: Value;
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
function isTrusted(name: Name<unknown>, opened: Bracket | undefined, closed: Bracket | undefined): boolean {
  // The backslash alone may be of the text that the placeholder stands in, and then stays.
  if (opened?.isEscaped && !closed?.isEscaped && !name.isEscaped) return false;
  if (opened && closed) return !name.isLoose || (opened.isAngle && closed.isAngle);
  if (opened || closed?.isAngle) return !name.isLoose;
  return !name.isLoose && name.isExact;
}

const openings = ['<', '[', '\\<', '\\[', '&lt;'];
const closings = ['>', ']', '\\>', '\\]', '&gt;', '/>'];
const bracketUnits: ReadonlySet<string> = new Set(['<', '>', '[', ']', '\\', '&', '/']);

/** `cut`: what is there may be the beginning of a bracket. */
function readBracket(text: string, from: number, brackets: readonly string[]): Bracket | 'cut' | undefined {
  if (from < text.length && !bracketUnits.has(text[from]!)) return undefined;
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

/** No name has a longer one. */
const wordPattern = /[A-Za-z0-9]{1,64}/y;
const numberPattern = /^\d{0,16}$/;

const maxBlanks = 2;
