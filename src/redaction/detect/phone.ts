import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';

import { codeAt } from './code-at.ts';
import type { Context } from './context.ts';
import { type NumberGroups, commonGap, gap, hasShape } from './number-groups.ts';
import { mayBeNational, mayBePhone, regionsFor } from './phone-regions.ts';
import type { Report } from './report.ts';

/** Digits in a text, and what is known of their surroundings. */
export interface NumberPlace {
  readonly groups: NumberGroups;
  /** Whether a number may end with this group. */
  isLast(last: number): boolean;
  /** Among so many numbers that no word is near. */
  isInTable: boolean;
  readonly report: Report;
}

export interface PhoneFinder {
  /** `from`: where the number begins, its `+` and bracket included. */
  find(text: string, from: number, place: NumberPlace): void;
}

const minDigits = 7;
const maxDigits = 15;
/** Asking the library more often than that for what begins at one place is no use. */
const maxAsked = 8;
const maxNationalDigits = 13;

/**
 * Numbers as libphonenumber knows them. Those that begin with `+` or 00 need nothing else, North American ones need
 * their usual grouping, and all others need a word near by that says what they are.
 */
export function createPhoneFinder(defaultRegions: readonly string[], context: Context): PhoneFinder {
  const defaults = defaultRegions.filter((region): region is CountryCode => isSupportedCountry(region));

  return {
    find(text, from, place) {
      const { groups, isInTable, report } = place;
      const { digits } = groups;
      if (digits.length < minDigits) return;
      if (codeAt(text, from) === plus || codeAt(text, groups.starts[0]! - 1) === plus) {
        if (digits[0] !== '0') findInternational(from, place, 0, 0.9);
        return;
      }
      if (
        digits[0] === '0' &&
        digits[1] === '0' &&
        groups.digitCounts[0]! > 1 &&
        findInternational(from, place, 2, 0.6)
      )
        return;
      // Bare digits are seconds since 1970, or no number of any country, more often than not.
      if (groups.count === 1 && (isSeconds(digits) || !mayBePhone(digits))) return;
      let regions: CountryCode[] | undefined;
      for (const last of possibleEnds(place, minDigits, maxNationalDigits)) {
        const length = groups.digitCounts[last]!;
        const number = digits.slice(0, length);
        const usual = defaults.includes('US')
          ? northAmericanBase(text, from, groups, last, number)
          : undefined;
        if (usual !== undefined && isValid(number, 'US'))
          return report('PHONE', from, groups.ends[last]!, usual);
        if (isInTable || !isGroupedAsPhone(groups, last) || !mayBePhone(number)) continue;
        regions ??= namedRegions(text, from, groups.ends[last]!);
        for (const region of regions) {
          if (mayBeNational(number, region) && isValid(number, region))
            return report('PHONE', from, groups.ends[last]!, 0.3);
        }
      }
    },
  };

  /** None if no word says that this is a phone number. */
  function namedRegions(text: string, from: number, end: number): CountryCode[] {
    return context.isRaised('PHONE', text, from, end) ? regionsFor(context.before(text, from), defaults) : [];
  }
}

/** True if it is one. Numbers that no one has been given yet, or that films use, are likely ones all the same. */
function findInternational(from: number, place: NumberPlace, skipped: number, base: number): boolean {
  const { groups, report } = place;
  let likelyEnd: number | undefined;
  for (const last of possibleEnds(place, minDigits + skipped, maxDigits + 1 + skipped)) {
    const number = parsePhoneNumberFromString(`+${groups.digits.slice(skipped, groups.digitCounts[last])}`);
    if (number?.isValid()) {
      report('PHONE', from, groups.ends[last]!, base);
      return true;
    }
    if (last > 0 && number?.isPossible()) likelyEnd ??= groups.ends[last]!;
  }
  if (likelyEnd !== undefined) report('PHONE', from, likelyEnd, base - 0.4);
  return likelyEnd !== undefined;
}

/** The longest first, but for those that go on in another line: they come last. */
function possibleEnds({ groups, isLast }: NumberPlace, least: number, most: number): number[] {
  const ends: number[] = [];
  let lineEnd = groups.gaps.subarray(0, groups.count).indexOf(gap.line);
  if (lineEnd === -1) lineEnd = groups.count - 1;
  for (let step = 0; step < groups.count && ends.length < maxAsked; step += 1) {
    const last = step <= lineEnd ? lineEnd - step : groups.count + lineEnd - step;
    const length = groups.digitCounts[last]!;
    if (length >= least && length <= most && isLast(last)) ends.push(last);
  }
  return ends;
}

function isSeconds(digits: string): boolean {
  return digits.length === 10 && digits[0] === '1';
}

const plus = 43;

/** `(415) 555-2671`, `1-415-555-2671`, `415 555 2671` */
function northAmericanBase(
  text: string,
  from: number,
  groups: NumberGroups,
  last: number,
  digits: string,
): number | undefined {
  if (!/^1?[2-9]\d{2}[2-9]\d{6}$/.test(digits)) return undefined;
  const areaAt = hasShape(groups, last, [3, 3, 4]) ? 0 : 1;
  if (areaAt === 1 && !hasShape(groups, last, [1, 3, 3, 4])) return undefined;
  if (codeAt(text, groups.starts[areaAt]! - 1) === 40 && codeAt(text, groups.ends[areaAt]!) === 41)
    return 0.85;
  const kind = commonGap(groups, last);
  if (kind === undefined || kind >= gap.loose) return undefined;
  if (from !== groups.starts[0]) return undefined;
  return kind === gap.dash || kind === gap.dot ? 0.65 : 0.55;
}

/** No one writes a phone number in more groups than digits are left to fill. */
function isGroupedAsPhone(groups: NumberGroups, last: number): boolean {
  const count = last + 1;
  return count <= 7 || count === groups.digitCounts[last];
}

function isValid(number: string, region?: CountryCode): boolean {
  return parsePhoneNumberFromString(number, region)?.isValid() ?? false;
}
