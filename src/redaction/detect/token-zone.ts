import { codeAt } from './code-at.ts';
import type { Context } from './context.ts';
import { findIban } from './iban.ts';
import { findCodiceFiscale, findDigitsFirstCodes, findNationalCodes } from './national-codes.ts';
import { findDashedMac } from './network-address.ts';
import { isAlphanumeric, isDigit } from './number-groups.ts';
import { findPassport } from './passport.ts';
import type { Report } from './report.ts';
import { findJwt, findKey } from './secrets.ts';
import { findWallet } from './wallets.ts';

/** Finds what a token of letters and digits is, or begins. Returns where to go on. */
export function createTokenZone(context: Context, report: Report) {
  return (text: string, start: number, end: number): number => {
    const length = end - start;
    if (length < 3) {
      if (length === 2 && codeAt(text, end) === dash && !isJoined(text, start))
        findDashedMac(text, start, report);
      return end;
    }
    const secretEnd = text.startsWith('eyJ', start)
      ? findJwt(text, start, report)
      : findKey(text, start, report);
    if (secretEnd !== undefined) return Math.max(end, secretEnd);
    if (length >= 20) {
      findWallet(text, start, end, report);
      if (length <= 34) findIban(text, start, report);
      return endOfBlob(text, start, end);
    }
    if (length === 8 && codeAt(text, end) === dash) {
      uuid.lastIndex = start;
      if (uuid.test(text)) return uuid.lastIndex;
    }
    if (isJoined(text, start)) return end;
    if (length === 4) findDashedMac(text, start, report);
    if (length >= 4 && isDigit(codeAt(text, start + 2)) && isDigit(codeAt(text, start + 3))) {
      findIban(text, start, report);
    }
    // `RSS MRA 85T10 A562S`
    if (length === 5 && codeAt(text, start - 1) === 32 && codeAt(text, start - 5) === 32)
      findCodiceFiscale(text, start - 8, report);
    if (length < 6) return end;
    if (isDigit(codeAt(text, start))) findDigitsFirstCodes(text, start, report);
    else findNationalCodes(text, start, end, report);
    findPassport(text, start, end, context, report);
    return end;
  };
}

const uuid = /[\dA-Fa-f]{8}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{12}/y;

/** How much of a run says whether all of it is base64. */
const sampleLength = 120;

/** Base64 and hexadecimal digits are no text: skipped as a whole. The rest is looked at token by token. */
function endOfBlob(text: string, start: number, end: number): number {
  const sampleEnd = Math.min(text.length, start + sampleLength);
  let at = start;
  let [uppers, lowers, digits, signs] = [0, 0, 0, 0];
  for (; at < sampleEnd; at += 1) {
    const code = codeAt(text, at);
    if (code >= 97 && code <= 122) lowers += 1;
    else if (code >= 65 && code <= 90) uppers += 1;
    else if (isDigit(code)) digits += 1;
    else if (isBase64Sign(code)) signs += 1;
    else break;
  }
  const isBlob = at - start >= 40 && uppers > 4 && lowers > 4 && digits > 2 && signs * 10 <= at - start;
  if (!isBlob) return end;
  while (at < text.length && (isAlphanumeric(codeAt(text, at)) || isBase64Sign(codeAt(text, at)))) at += 1;
  return at;
}

/** + / = and their URL-safe forms */
function isBase64Sign(code: number): boolean {
  return code === 43 || code === 47 || code === 61 || code === 95 || code === dash;
}

/** Behind a sign that binds it to a word, as in ids, paths and base64. */
function isJoined(text: string, start: number): boolean {
  const before = codeAt(text, start - 1);
  if (before !== dash && before !== 95 && before !== 43 && before !== 47 && before !== 46) return false;
  const beforeThat = codeAt(text, start - 2);
  return isAlphanumeric(beforeThat) || beforeThat === 93 || beforeThat === 62;
}

const dash = 45;
