import type { Report } from './report.ts';
import { findJwt, findKey } from './secrets.ts';

/** Finds the key that letters and a sign are the prefix of. Returns where to go on. */
export function createLettersZone(report: Report) {
  return (text: string, start: number, end: number): number => {
    if (text.startsWith('eyJ', start)) return findJwt(text, start, report) ?? end;
    // Google's keys alone have no sign behind their prefix, and one anywhere.
    if (end - start > longestPrefix && !text.startsWith('AIza', start)) return end;
    return findKey(text, start, report) ?? end;
  };
}

/** `github_pat_`, `GOCSPX-` */
const longestPrefix = 8;

/** Keys without a sign behind their prefix, of which some have no digit for the scan to stop at. */
export function findBareKeys(text: string, report: Report): void {
  for (const prefix of ['AKIA', 'ASIA', 'AIza']) {
    for (let at = text.indexOf(prefix); at !== -1; at = text.indexOf(prefix, at + 4))
      findKey(text, at, report);
  }
}
