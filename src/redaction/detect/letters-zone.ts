import { isAlphanumeric } from './number-groups.ts';
import type { Report } from './report.ts';
import { findJwt, findKey } from './secrets.ts';
import { findWallet } from './wallets.ts';

/** Finds the key or the address that letters are, or are the prefix of. Returns where to go on. */
export function createLettersZone(report: Report) {
  return (text: string, start: number, end: number): number => {
    const isLong = end - start >= 20;
    if (text.startsWith('eyJ', start)) return findJwt(text, start, report) ?? end;
    // Google's keys alone have no sign behind their prefix, and one anywhere.
    if (!isLong && end - start > longestPrefix && !text.startsWith('AIza', start)) return end;
    const found = findKey(text, start, report);
    if (found !== undefined) return found;
    if (isLong && !isAlphanumeric(text.charCodeAt(end))) findWallet(text, start, end, report);
    return end;
  };
}

/** `github_pat_`, `GOCSPX-` */
const longestPrefix = 8;
