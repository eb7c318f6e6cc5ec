import type { Report } from './report.ts';
import { findJwt, findKey } from './secrets.ts';

/** Finds the key that letters and a sign are the prefix of. Returns where to go on. */
export function createLettersZone(report: Report) {
  return (text: string, start: number, end: number): number => {
    if (end - start > longestPrefix && !text.startsWith('eyJ', start)) return end;
    const found = text.startsWith('eyJ', start) ? findJwt(text, start, report) : findKey(text, start, report);
    return found ?? end;
  };
}

/** `github_pat_`, `GOCSPX-` */
const longestPrefix = 8;

/** Keys of Amazon's and Google's have no sign behind their prefix, and some not even a digit. */
export function findBareKeys(text: string, report: Report): void {
  for (const prefix of ['AKIA', 'ASIA', 'AIza']) {
    for (let at = text.indexOf(prefix); at !== -1; at = text.indexOf(prefix, at + 4))
      findKey(text, at, report);
  }
}
