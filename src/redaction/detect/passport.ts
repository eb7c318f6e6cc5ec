import type { Context } from './context.ts';
import type { Report } from './report.ts';

/**
 * Passports' numbers have a form for each country and no check digit outside the machine-readable zone: only a
 * word near by makes six to nine letters and digits one.
 */
export function findPassport(
  text: string,
  start: number,
  end: number,
  context: Context,
  report: Report,
): void {
  const length = end - start;
  if (length < 6 || length > 9) return;
  passport.lastIndex = start;
  if (passport.test(text) && context.isRaised('PASSPORT', text, start, end))
    report('PASSPORT', start, end, 0.25);
}

/** Up to two letters and six digits or more; Germany's letters and digits; France's two digits and two letters. */
const passport = /(?:[A-Z]{0,2}\d{6,9}|[CFGHJK][CFGHJKLMNPRTVWXYZ\d]{8}|\d{2}[A-Z]{2}\d{5})(?![A-Za-z\d])/y;
