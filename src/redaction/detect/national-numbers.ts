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
import type { EntityName } from './entities.ts';
import { type NumberGroups, commonGap, gap, shapeOf } from './number-groups.ts';

type Take = (entity: EntityName, base: number) => void;

/**
 * Numbers of states that are digits only. One check digit lets one number in ten or eleven through, so those of
 * nine or ten digits need words near by (`needsWords`); two check digits, or a grouping of their own, do not.
 */
export function weighNationalNumbers(groups: NumberGroups, last: number, take: Take): void {
  const length = groups.digitCounts[last]!;
  if (length < 9 || length > 15) return;
  const digits = groups.digits.slice(0, length);
  if (length === 9) {
    if (digits[0] !== '0' && digits[0] !== '8' && passesLuhn(digits)) take('CA_SIN', needsWords);
    if (passesBsn(digits)) take('NL_BSN', needsWords);
    if (passesTfn(digits)) take('AU_TFN', needsWords);
  } else if (length === 10) {
    if (passesNhs(digits)) take('UK_NHS', needsWords);
  } else if (length === 11) {
    if (passesDeTaxId(digits))
      take(
        'DE_TAX_ID',
        shapeOf(groups, last) === '2-3-3-3' && commonGap(groups, last) === gap.space ? 0.6 : needsWords,
      );
    if (passesCpf(digits)) take('BR_CPF', isCpfShape(groups, shapeOf(groups, last)) ? 0.85 : needsWords);
  } else if (length === 12) {
    if (digits[0]! > '1' && passesVerhoeff(digits)) {
      const kind = commonGap(groups, last);
      const isUsual = shapeOf(groups, last) === '4-4-4' && kind !== undefined && kind < gap.slash;
      take('IN_AADHAAR', isUsual ? 0.55 : needsWords);
    }
  } else if (length === 15 && passesNir(digits)) {
    take('FR_NIR', last === 0 || shapeOf(groups, last).startsWith('1-2-2-') ? 0.75 : 0.4);
  }
}

/** Enough with a word that names it, too little without. */
const needsWords = 0.3;

/** `111.444.777-35` */
function isCpfShape(groups: NumberGroups, shape: string): boolean {
  const [first, second, third] = groups.gaps;
  return (
    shape === '3-3-3-2' && first === second && (third === gap.dash || (third === first && third !== gap.dot))
  );
}
