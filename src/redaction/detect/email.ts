import { codeAt } from './code-at.ts';
import type { Report } from './report.ts';

const maxLocal = 64;
const maxDomain = 253;

/** RFC 5321's limits around an `@`, and of RFC 5322's characters those that people's addresses have. */
export function findEmail(text: string, at: number, atLength: number, report: Report): void {
  let from = at;
  while (at - from < maxLocal && from > 0 && isLocal(codeAt(text, from - 1))) from -= 1;
  while (from < at && !isWord(codeAt(text, from))) from += 1;
  if (from === at || codeAt(text, at - 1) === dot) return;
  const domainStart = at + atLength;
  const end = endOfDomain(text, domainStart);
  if (end === undefined) return;
  // `git@host:owner/repository` is where code lives.
  if (codeAt(text, end) === colon && text.slice(from, at) === 'git') return;
  report('EMAIL', from, end, 0.9);
}

/** Labels with dots between, the last one a word of two letters or more. */
function endOfDomain(text: string, start: number): number | undefined {
  let end: number | undefined;
  let labelStart = start;
  let hasLetter = false;
  let isFirst = true;
  let isName = true;
  const limit = Math.min(text.length, start + maxDomain);
  for (let index = start; index <= limit; index += 1) {
    const code = index < limit ? codeAt(text, index) : 0;
    if (isWord(code)) {
      if (code > nine) hasLetter = true;
      else isName = false;
      continue;
    }
    if (code === dash && index > labelStart) {
      isName = false;
      continue;
    }
    if (index === labelStart || codeAt(text, index - 1) === dash) break;
    if (!isFirst && hasLetter && isTopLevel(text, labelStart, index, isName)) end = index;
    if (code !== dot) break;
    isFirst = false;
    labelStart = index + 1;
    hasLetter = false;
    isName = true;
  }
  return end;
}

/** `isName`: of letters only */
function isTopLevel(text: string, start: number, end: number, isName: boolean): boolean {
  const length = end - start;
  if (!isName) return text.startsWith('xn--', start) && punycode.test(text.slice(start, end));
  if (length < 2 || length > 24) return false;
  fileTypes.lastIndex = start;
  return !fileTypes.test(text) || fileTypes.lastIndex !== end;
}

const punycode = /^xn--[A-Za-z0-9-]{2,59}$/;

/** `logo@2x.png` names a picture. None of these is a top-level domain. */
const fileTypes = /png|jpe?g|gif|svg|webp|ico|css|scss|json|jsx?|mjs|cjs|tsx?|html?|txt|pdf|xml|ya?ml/iy;

const [dash, dot, nine, colon] = [45, 46, 57, 58];

function isLocal(code: number): boolean {
  // % & ' + - . _ beside letters and digits
  return (
    isWord(code) || code === 95 || (code >= 37 && code <= 39) || code === 43 || code === 45 || code === 46
  );
}

function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    (code >= 0xc0 && code < lettersEnd && code !== 0xd7 && code !== 0xf7)
  );
}

/** Latin, Greek and Cyrillic. Scripts that write no spaces would make addresses of whole sentences. */
const lettersEnd = 0x530;
