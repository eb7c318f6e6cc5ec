import { passesCodiceFiscale, passesNif, passesNir, passesNric } from './check-digits.ts';
import type { Report } from './report.ts';

/**
 * Codes of states that mix letters and digits, from a token of both. The patterns are anchored and of bounded
 * length; spaces and dashes stand where people put them.
 */
export function findNationalCodes(text: string, start: number, end: number, report: Report): void {
  const length = end - start;
  if (length === 16) return findCodiceFiscale(text, start, report);
  if (length > 11) return;
  if (length === 10) take(text, start, pan, (code) => report('IN_PAN', start, start + code.length, 0.65));
  if (length === 9) {
    take(text, start, nric, (code) => {
      if (passesNric(code.toUpperCase())) report('SG_NRIC', start, end, isUpper(code) ? 0.7 : 0.4);
    });
  }
  findSpacedLetterFirst(text, start, report);
}

/** From a run of digits, with the letters that may follow it, at once or behind a dash. */
export function findDigitsFirstCodes(text: string, start: number, report: Report): void {
  take(text, start, dni, (code) => {
    if (passesNif(compact(code))) report('ES_NIF', start, start + code.length, isUpper(code) ? 0.6 : 0.35);
  });
  take(text, start, corsican, (code) => {
    if (passesNir(compact(code))) report('FR_NIR', start, start + code.length, 0.8);
  });
}

/** From one or two letters that stand alone, with groups of digits behind them. */
export function findSpacedLetterFirst(text: string, start: number, report: Report): void {
  take(text, start, nino, (code) => report('UK_NINO', start, start + code.length, isUpper(code) ? 0.7 : 0.4));
  take(text, start, nie, (code) => {
    if (passesNif(compact(code))) report('ES_NIF', start, start + code.length, 0.65);
  });
}

/** From three letters that stand alone: `RSS MRA 85T10 A562S`. */
export function findCodiceFiscale(text: string, start: number, report: Report): void {
  take(text, start, codiceFiscale, (code) => {
    if (passesCodiceFiscale(compact(code))) report('IT_CODICE_FISCALE', start, start + code.length, 0.9);
  });
}

function take(text: string, start: number, pattern: RegExp, use: (code: string) => void): void {
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match) use(match[0]);
}

function compact(code: string): string {
  return code.replace(/[^A-Za-z0-9]/g, '').toUpperCase();
}

function isUpper(code: string): boolean {
  return code === code.toUpperCase();
}

/** No letter or digit may follow. */
const over = '(?![A-Za-z0-9])';

/** HMRC, NIM39110: letters that are not used, prefixes that are not allocated, suffix A to D. */
const nino = new RegExp(
  `(?!BG|GB|KN|NK|NT|TN|ZZ|bg|gb|kn|nk|nt|tn|zz)[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z][ -]?\\d{2}[ -]?\\d{2}[ -]?\\d{2}[ -]?[A-Da-d]${over}`,
  'y',
);

/** Income Tax Department: the fourth letter tells what the holder is. */
const pan = new RegExp(`[A-Z]{3}[ABCFGHJLPT][A-Z]\\d{4}[A-Z]${over}`, 'y');

const nric = new RegExp(`[STFGMstfgm]\\d{7}[A-Za-z]${over}`, 'y');

const nie = new RegExp(`[XYZxyz][ -]?\\d{7}[ -]?[A-Za-z]${over}`, 'y');

const dni = new RegExp(`\\d{2}\\.?\\d{3}\\.?\\d{3}[ -]?[A-Za-z]${over}`, 'y');

const corsican = new RegExp(`[12] ?\\d{2} ?\\d{2} ?2[ABab] ?\\d{3} ?\\d{3} ?\\d{2}${over}`, 'y');

/** Letters stand for digits where two persons would have the same code (omocodia). */
const place = '[\\dLMNPQRSTUVlmnpqrstuv]';
const codiceFiscale = new RegExp(
  `[A-Za-z]{3} ?[A-Za-z]{3} ?${place}{2}[A-EHLMPR-Ta-ehlmpr-t]${place}{2} ?[A-Za-z]${place}{3} ?[A-Za-z]${over}`,
  'y',
);
