import { RE2JS } from 're2js';

export interface CustomPattern {
  /** What its findings are called, in upper case. */
  readonly name: string;
  /** In RE2's syntax. */
  readonly pattern: string;
}

const maxLength = 1000;

/** Texts in which what matches nothing but an empty place matches one. */
const probes = ['', 'a', 'Z', '0', ' ', '-', 'a b', 'ab 12-34.\n', '\n', '_'];

/** Why a pattern can't be used; undefined if it can. */
export function checkPattern(pattern: string): string | undefined {
  if (pattern === '') return 'is empty: write what is to be found';
  if (pattern.length > maxLength) {
    return `has ${pattern.length} characters, and ${maxLength} are the most: split it into several patterns`;
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    return `is no pattern that RE2 takes (no look-around, no back-references): ${(error as Error).message}`;
  }
  const matchesNothing = probes.some((probe) => {
    const matcher = compiled.matcher(probe);
    while (matcher.find()) if (matcher.end() === matcher.start()) return true;
    return false;
  });
  return matchesNothing ? 'matches the empty text: make it ask for at least one character' : undefined;
}

export interface CustomFinder {
  find(text: string, report: (entity: string, from: number, end: number) => void): void;
}

/** Throws a RangeError for a pattern that `checkPattern` refuses; the configuration lets no such one through. */
export function createCustomFinder(patterns: readonly CustomPattern[]): CustomFinder {
  const compiled = patterns.map(({ name, pattern }) => {
    const refusal = checkPattern(pattern);
    if (refusal !== undefined) throw new RangeError(`the pattern ${name} ${refusal}`);
    return { entity: name.toUpperCase().replace(/[^A-Z0-9_]/g, '_'), expression: RE2JS.compile(pattern) };
  });
  return {
    find(text, report) {
      for (const { entity, expression } of compiled) {
        const matcher = expression.matcher(text);
        while (matcher.find())
          if (matcher.end() > matcher.start()) report(entity, matcher.start(), matcher.end());
      }
    },
  };
}
