import { passesMod97 } from './check-digits.ts';
import { codeAt } from './code-at.ts';
import { isAlphanumeric } from './number-groups.ts';
import type { Report } from './report.ts';

/** From a token that begins with two letters and two digits. */
export function findIban(text: string, start: number, report: Report): void {
  const length = lengths[text.slice(start, start + 2).toUpperCase()];
  if (length === undefined) return;
  let characters = '';
  let at = start;
  let groupStart = start;
  while (characters.length < length) {
    const code = codeAt(text, at);
    if (isAlphanumeric(code)) characters += text[at];
    // Prose in between is no group of an account.
    else if (!group.test(text.slice(groupStart, at))) return;
    // One space, dash or dot, or the line break within a copied one.
    else if (!(isSeparator(code) && isAlphanumeric(codeAt(text, at + 1)))) return;
    else groupStart = at + 1;
    at += 1;
  }
  if (groupStart > start && !group.test(text.slice(groupStart, at))) return;
  if (isAlphanumeric(codeAt(text, at))) return;
  // Ids of letters and digits pass the sum now and then, but seldom have digits where an account has its two.
  if (!checkDigits.test(characters)) return;
  const upper = characters.toUpperCase();
  if (passesMod97(upper.slice(4) + upper.slice(0, 4))) report('IBAN', start, at, 0.95);
}

/** With a digit, or a bank's letters. */
const group = /\d|^[A-Z]{1,4}$/;

const checkDigits = /^..\d\d/;

function isSeparator(code: number): boolean {
  return code === 32 || code === 45 || code === 46 || code === 10 || code === 47;
}

/** ISO 13616, the registry that SWIFT keeps: country and length. */
const lengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
