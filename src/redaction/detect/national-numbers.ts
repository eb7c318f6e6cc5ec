import {
  passesBsn,
  passesCpf,
  passesDeTaxId,
  passesLuhn,
  passesNhs,
  passesNir,
  passesTfn,
  passesVerhoeff,
} from './check-digits.ts';
import { type NumberGroups, commonGap, gap, hasShape } from './number-groups.ts';
import type { Report } from './report.ts';

/**
 * Numbers of states that are digits only. One check digit lets one number in ten or eleven through, so those of
 * nine or ten digits need words near by (`needsWords`); two check digits, or a grouping of their own, do not.
 */
export function weighNationalNumbers(groups: NumberGroups, last: number, report: Report): void {
  const length = groups.digitCounts[last]!;
  if (length < 9 || length > 15) return;
  const start = groups.starts[0]!;
  const end = groups.ends[last]!;
  const digits = groups.digits.slice(0, length);
  if (length === 9) {
    if (digits[0] !== '0' && digits[0] !== '8' && passesLuhn(digits))
      report('CA_SIN', start, end, needsWords);
    if (passesBsn(digits)) report('NL_BSN', start, end, needsWords);
    if (passesTfn(digits)) report('AU_TFN', start, end, needsWords);
  } else if (length === 10) {
    if (passesNhs(digits)) report('UK_NHS', start, end, needsWords);
  } else if (length === 11) {
    if (passesDeTaxId(digits))
      report(
        'DE_TAX_ID',
        start,
        end,
        hasShape(groups, last, [2, 3, 3, 3]) && commonGap(groups, last) === gap.space ? 0.6 : needsWords,
      );
    if (passesCpf(digits)) report('BR_CPF', start, end, isCpfShape(groups, last) ? 0.85 : needsWords);
  } else if (length === 12) {
    if (digits[0]! > '1' && passesVerhoeff(digits)) {
      const kind = commonGap(groups, last);
      const isUsual = hasShape(groups, last, [4, 4, 4]) && kind !== undefined && kind < gap.slash;
      report('IN_AADHAAR', start, end, isUsual ? 0.55 : needsWords);
    }
  } else if (length === 15 && passesNir(digits)) {
    report('FR_NIR', start, end, last === 0 || (last > 2 && hasShape(groups, 2, [1, 2, 2])) ? 0.75 : 0.4);
  }
}

/** Enough with a word that names it, too little without. */
const needsWords = 0.3;

/** `111.444.777-35` */
function isCpfShape(groups: NumberGroups, last: number): boolean {
  const [first, second, third] = groups.gaps;
  return (
    hasShape(groups, last, [3, 3, 3, 2]) &&
    first === second &&
    (third === gap.dash || (third === first && third !== gap.dot))
  );
}
