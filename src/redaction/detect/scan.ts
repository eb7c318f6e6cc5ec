import { createKinds, isMathematicalDigit, kind, mathematicalHigh } from './character-kinds.ts';
import { codeAt } from './code-at.ts';
import { createPlainRuns, windowUnits } from './plain-runs.ts';

/** What the scan calls where something may begin. Each returns from where to go on, which lies behind `start`. */
export interface Zones {
  /** A run of digits and letters that has a digit, whole. */
  token(text: string, start: number, end: number, hasLetter: boolean): number;
  /** A run of letters, and the `-`, `_` or `.` that ends it. */
  letters(text: string, start: number, end: number): number;
  /** A sign: `@`, `:`, `%`, `=`, or the first of five dashes. */
  sign(text: string, at: number, kind: number): number;
}

export type Scan = (text: string, zones: Zones) => boolean;

/**
 * Passes once over a text and calls `zones` for what is worth a look; all that is not costs less than a look-up a
 * character. False as soon as it meets a look-alike: the text has to be folded, and scanned from the start.
 */
export function createScan(): Scan {
  const kinds = createKinds();
  const plainRuns = createPlainRuns(kinds);

  return (text, zones) => {
    const { length } = text;
    let at = 0;
    /** Everything before has been looked at. */
    let seen = 0;
    for (let start = 0; start < length; start += windowUnits) {
      const end = Math.min(length, start + windowUnits);
      if (at >= end) continue;
      plainRuns.load(start === 0 && end === length ? text : text.slice(start, end));
      while (at < end) {
        at = start + plainRuns.endFrom(at - start);
        if (at === end) break;
        const found = kinds[text.charCodeAt(at)]!;
        if (found === kind.lookAlike && isLookAlike(text, at)) return false;
        at = visit(text, at, seen, found, zones);
        seen = at;
      }
    }
    plainRuns.clear();
    return true;
  };
}

/** Of what begins with the first half of a mathematical digit most is none. */
function isLookAlike(text: string, at: number): boolean {
  return codeAt(text, at) !== mathematicalHigh || isMathematicalDigit(codeAt(text, at + 1));
}

function visit(text: string, found: number, seen: number, foundKind: number, zones: Zones): number {
  if (foundKind === kind.lookAlike) return found + 1;
  if (foundKind !== kind.digit && foundKind !== kind.joint) return zones.sign(text, found, foundKind);
  // Most dots and dashes end a word.
  if (foundKind === kind.joint && codeAt(text, found + 1) <= space) return found + 1;
  let start = found;
  while (start > seen && isLetter(codeAt(text, start - 1))) start -= 1;
  if (foundKind === kind.digit) {
    let hasLetter = start < found;
    for (let end = found + 1; ; end += 1) {
      const code = codeAt(text, end);
      if (code >= 48 && code <= 57) continue;
      if (!isLetter(code)) return zones.token(text, start, end, hasLetter);
      hasLetter = true;
    }
  }
  if (start < found) return Math.max(found + 1, zones.letters(text, start, found));
  let end = found + 1;
  if (codeAt(text, found) !== dash) return end;
  while (codeAt(text, end) === dash) end += 1;
  return end - found >= 5 ? zones.sign(text, end - 5, foundKind) : end;
}

const [space, dash] = [32, 45];

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}
