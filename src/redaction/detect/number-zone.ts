import { weighCard } from './card.ts';
import { codeAt } from './code-at.ts';
import type { Context } from './context.ts';
import { findCjkBirthDate, findNumericBirthDate, findWrittenBirthDate } from './date-of-birth.ts';
import { findDigitsFirstCodes, findSpacedLetterFirst } from './national-codes.ts';
import { weighNationalNumbers } from './national-numbers.ts';
import { findDashedMac, weighIpv4 } from './network-address.ts';
import {
  type NumberGroups,
  createNumberGroups,
  endOfGap,
  gap,
  isAlphanumeric,
  isDigit,
  joinDigits,
  maxDigits,
  readNumberGroups,
} from './number-groups.ts';
import { findPassport } from './passport.ts';
import type { NumberPlace, PhoneFinder } from './phone.ts';
import type { Report } from './report.ts';
import { weighUsId } from './us-ids.ts';

/**
 * Finds what begins with a run of digits: reads the groups from there, and asks of each length that they make
 * which numbers it may be. Returns where to go on.
 */
export function createNumberZone(context: Context, phones: PhoneFinder, report: Report) {
  const groups = createNumberGroups();
  const isLast = (last: number): boolean => !isBoundToNext(scanned, groups, last);
  let scanned = '';
  let penalty = 0;
  let strongEnd = 0;
  /** How many groups have passed in a row of numbers without a finding, and where the next would begin. */
  let run = 0;
  let nextStart = -1;
  const take: Report = (entity, from, to, base) => {
    if (run > longRun && base < 0.5) return;
    report(entity, from, to, base - penalty);
    if (base - penalty >= 0.65 && to > strongEnd) {
      strongEnd = to;
      run = 0;
    }
  };

  const place: NumberPlace = { groups, isLast, isInTable: false, report: take };

  return (text: string, start: number, end: number): number => {
    const length = end - start;
    if (length > maxDigits) return end;
    scanned = text;
    const next = codeAt(text, end);
    if (length === 4 && codeAt(text, start - 1) === space)
      findWrittenBirthDate(text, start, end, context, report);
    if (next > 0x2000 && length === 4) findCjkBirthDate(text, start, report);
    // Most numbers stand alone and are short.
    if (length < 6 && !goesOn(text, end, next)) return end;
    const before = codeAt(text, start - 1);
    if (isBoundToPrevious(text, start, length) || !readNumberGroups(text, start, end, groups)) return end;
    run = start === nextStart ? run + 1 : 0;
    nextStart = groups.count > 1 ? groups.starts[1]! : -1;
    if (run > longRun && isSparse(groups)) return end;
    const total = groups.digitCounts[groups.count - 1]!;
    if (length === 2 && next === dash) findDashedMac(text, start, report);
    // Less than six digits are a date or an address, which have three groups and more.
    if (total < (groups.count < 3 ? 6 : 4)) return end;
    groups.digits = joinDigits(text, groups);
    const isBehindSlash = before === slash && isDigit(codeAt(text, start - 2));
    penalty = penaltyOf(text, start);
    strongEnd = end;
    if (before === space || before === dash) findLettersFirst(text, start);
    // `12345678-Z`, `12.345.678-Z`, `1 85 05 2A 006 084 36`
    if (penalty === 0 && (length === 8 || length < 4)) findDigitsFirstCodes(text, start, report);
    if (groups.gaps[0] === gap.dot) {
      const base = weighIpv4(text, groups);
      if (base !== undefined) take('IP_ADDRESS', start, groups.ends[3]!, base);
    }
    if (groups.count >= 3 && isLast(2) && !isBehindSlash) findNumericBirthDate(groups, take);
    if (isLast(0) && penalty === 0) findPassport(text, start, end, context, report);
    if (total < 7) return strongEnd;
    for (let last = 0; last < groups.count; last += 1) {
      if (groups.digitCounts[last]! < 9 || !isLast(last)) continue;
      // `1/415...`: part of a fraction or a path, but a list of numbers otherwise.
      if (isBehindSlash && (last === 0 || groups.gaps[0] === gap.slash)) continue;
      // 134.314376 is a measure.
      if (last === 1 && groups.gaps[0] === gap.dot) continue;
      weighNumber(start, groups.ends[last]!, last);
    }
    place.isInTable = run > longRun;
    if (penalty === 0) phones.find(text, beginOf(text, start), place);
    return strongEnd;
  };

  function weighNumber(start: number, to: number, last: number): void {
    const card = weighCard(groups, last);
    if (card !== undefined) take('CREDIT_CARD', start, to, card);
    const usId = weighUsId(groups, last);
    if (usId) take(usId.entity, start, to, usId.base);
    weighNationalNumbers(groups, last, take);
  }

  /** `AB 12 34 56 C`, `X-1234567-L` */
  function findLettersFirst(text: string, start: number): void {
    let from = start - 1;
    while (from > 0 && start - from < 4 && isAlphanumeric(codeAt(text, from - 1))) from -= 1;
    const length = start - 1 - from;
    if (length === 1 || length === 2) findSpacedLetterFirst(text, from, report);
  }
}

/** Words are further off by then than they count: what needs one is not even weighed. */
const longRun = 64;

/** Groups too short to be the usual ones of anything: in a table they are its cells. */
function isSparse(groups: NumberGroups): boolean {
  const isSpaced = groups.gaps[0] === gap.space || groups.gaps[0] === gap.line;
  return isSpaced && groups.count >= 7 && groups.digitCounts[6]! < 9;
}

/** Digits stand before, bound to these: another number's end. */
function isBoundToPrevious(text: string, start: number, length: number): boolean {
  const before = codeAt(text, start - 1);
  if (before === dash || before === dot) return isDigit(codeAt(text, start - 2));
  return before === comma && length === 3 && isDigit(codeAt(text, start - 2));
}

/** What a letter or a sign before takes from a number's worth. */
function penaltyOf(text: string, start: number): number {
  const before = codeAt(text, start - 1);
  if (before === hash || before === underscore) return 0.3;
  if (before === dollar) return 0.6;
  if (before !== dash && before !== slash) return 0;
  const beforeThat = codeAt(text, start - 2);
  // A placeholder counts as the word that it stands for.
  const isWord =
    (isAlphanumeric(beforeThat) && !isDigit(beforeThat)) || beforeThat === 93 || beforeThat === 62;
  return isWord ? 0.3 : 0;
}

/** Where a number begins, its bracket and plus included. */
function beginOf(text: string, start: number): number {
  const before = codeAt(text, start - 1);
  if (before === plus) return start - 1;
  if (before !== openBracket) return start;
  return codeAt(text, start - 2) === plus ? start - 2 : start - 1;
}

/** Whether what follows binds these groups into something longer. */
function isBoundToNext(text: string, groups: NumberGroups, last: number): boolean {
  const kind = groups.gaps[last]!;
  if (kind !== gap.none) return kind === gap.dash || kind === gap.dot;
  const end = groups.ends[last]!;
  const next = codeAt(text, end);
  const nextButOne = codeAt(text, end + 1);
  if (isAlphanumeric(next)) return !(next === 120 && isDigit(nextButOne));
  if (next === underscore || next === atSign || next === percent) return true;
  if (next === dash || next === plus) return isAlphanumeric(nextButOne);
  if (next === dot) return isDigit(nextButOne);
  // A time, or a thousand more.
  if (next === colon) return isDigit(nextButOne) && end - groups.starts[last]! <= 2;
  return next === comma && groups.ends[last]! - groups.starts[last]! <= 3 && isThree(text, end + 1);
}

function isThree(text: string, at: number): boolean {
  return (
    isDigit(codeAt(text, at)) &&
    isDigit(codeAt(text, at + 1)) &&
    isDigit(codeAt(text, at + 2)) &&
    !isDigit(codeAt(text, at + 3))
  );
}

/** Digits follow, or the second pair of a MAC address. */
function goesOn(text: string, end: number, next: number): boolean {
  return next === dash || (next <= slash && isDigit(codeAt(text, endOfGap(text, end))));
}

const [space, hash, dollar, percent, openBracket, plus, comma] = [32, 35, 36, 37, 40, 43, 44];
const [dash, dot, slash, colon, atSign, underscore] = [45, 46, 47, 58, 64, 95];
