import { findCodiceFiscale, findSpacedLetterFirst } from './national-codes.ts';
import { isDigit } from './number-groups.ts';
import type { Report } from './report.ts';
import { findJwt, findKey } from './secrets.ts';

/** Finds what may hang on a run of letters alone: keys behind their prefix, and codes written with spaces. */
export function createLettersZone(report: Report) {
  return (text: string, start: number, end: number): number => {
    const length = end - start;
    const next = text.charCodeAt(end);
    if (next === 45 || next === 95 || next === 46 || length >= 20) {
      const found = text.startsWith('eyJ', start)
        ? findJwt(text, start, report)
        : findKey(text, start, report);
      if (found !== undefined) return found;
    }
    if (length < 3 && (next === 32 || next === 45) && isDigit(text.charCodeAt(end + 1))) {
      findSpacedLetterFirst(text, start, report);
    }
    if (length === 3 && next === 32 && isDigit(text.charCodeAt(end + 5)))
      findCodiceFiscale(text, start, report);
    return end;
  };
}
