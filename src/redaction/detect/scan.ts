import { kind } from './character-kinds.ts';

/** What the scan calls where something may begin. Each returns from where to go on, which lies behind `start`. */
export interface Zones {
  /** A run of digits and letters that has a digit. */
  token(text: string, start: number, end: number, hasLetter: boolean): number;
  /** A run of letters that something may hang on. */
  letters(text: string, start: number, end: number): number;
  /** A sign: `@`, `:`, `%`, `=`, or the first of five dashes. */
  sign(text: string, at: number, kind: number): number;
}

/**
 * Passes once over a text and calls `zones` for what is worth a look; most of a text costs a look-up a character.
 * False as soon as it meets a look-alike: the text has to be folded, and scanned from the start.
 */
export function scan(text: string, kinds: Uint8Array, zones: Zones): boolean {
  const { length } = text;
  let at = 0;
  while (at < length) {
    const first = kinds[text.charCodeAt(at)]!;
    if (first === kind.plain) {
      at += 1;
      continue;
    }
    if (first === kind.letter) {
      const start = at;
      let next: number = kind.letter;
      do {
        at += 1;
        next = at < length ? kinds[text.charCodeAt(at)]! : kind.plain;
      } while (next === kind.letter);
      if (next === kind.digit) {
        at = zones.token(text, start, endOfToken(text, at, kinds), true);
      } else if (next === kind.joint || at - start < 4 || at - start >= 20) {
        at = zones.letters(text, start, at);
      }
      continue;
    }
    if (first === kind.digit) {
      const start = at;
      let next: number = kind.digit;
      do {
        at += 1;
        next = at < length ? kinds[text.charCodeAt(at)]! : kind.plain;
      } while (next === kind.digit);
      const hasLetter = next === kind.letter;
      at = zones.token(text, start, hasLetter ? endOfToken(text, at, kinds) : at, hasLetter);
      continue;
    }
    if (first === kind.lookAlike) return false;
    if (first === kind.joint) {
      const start = at;
      do at += 1;
      while (at < length && text.charCodeAt(at) === dash);
      if (at - start >= 5 && text.charCodeAt(start) === dash) at = zones.sign(text, at - 5, first);
      continue;
    }
    at = zones.sign(text, at, first);
  }
  return true;
}

const dash = 45;

function endOfToken(text: string, from: number, kinds: Uint8Array): number {
  let at = from;
  while (at < text.length) {
    const next = kinds[text.charCodeAt(at)]!;
    if (next !== kind.letter && next !== kind.digit) break;
    at += 1;
  }
  return at;
}
