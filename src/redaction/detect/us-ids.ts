import { type NumberGroups, commonGap, gap, hasShape } from './number-groups.ts';

/** What nine digits are worth as a number of the US Social Security Administration or the IRS. */
export function weighUsId(
  groups: NumberGroups,
  last: number,
): { entity: 'US_SSN' | 'US_ITIN'; base: number } | undefined {
  if (groups.digitCounts[last] !== 9) return undefined;
  const digits = groups.digits.slice(0, 9);
  const entity = isSsn(digits) ? 'US_SSN' : isItin.test(digits) ? 'US_ITIN' : undefined;
  if (!entity) return undefined;
  if (last === 0) return { entity, base: 0.2 };
  const kind = commonGap(groups, last);
  if (kind === undefined || !hasShape(groups, last, [3, 2, 4])) return { entity, base: 0.1 };
  return { entity, base: kind === gap.dash ? 0.85 : kind === gap.slash ? 0.4 : 0.55 };
}

/** 20 CFR 422.103 and SSA's note on randomization: no area 000, 666 or 9xx, no group 00, no serial 0000. */
function isSsn(digits: string): boolean {
  return (
    /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits) &&
    // Printed on samples for decades.
    digits !== '078051120' &&
    digits !== '123456789'
  );
}

/** IRS: nine digits that begin with 9, the fourth and fifth within 50-65, 70-88, 90-92, 94-99. */
const isItin = /^9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])\d{4}$/;
