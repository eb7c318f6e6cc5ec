import { weighCard } from './card.ts';
import type { Context } from './context.ts';
import { findCjkBirthDate, findNumericBirthDate, findWrittenBirthDate } from './date-of-birth.ts';
import { findDigitsFirstCodes } from './national-codes.ts';
import { weighNationalNumbers } from './national-numbers.ts';
import { weighIpv4 } from './network-address.ts';
import {
  type NumberGroups,
  createNumberGroups,
  gap,
  isAlphanumeric,
  isDigit,
  maxDigits,
  readNumberGroups,
} from './number-groups.ts';
import { findPassport } from './passport.ts';
import type { PhoneFinder } from './phone.ts';
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

  return (text: string, start: number, end: number): number => {
    const length = end - start;
    if (length > maxDigits) return end;
    scanned = text;
    const next = text.charCodeAt(end);
    if (length === 4 && text.charCodeAt(start - 1) === space)
      findWrittenBirthDate(text, start, end, context, report);
    if (next > 0x2000 && length === 4) findCjkBirthDate(text, start, report);
    if (length < 7 && !isGapStart(next)) return end;
    const left = leftOf(text, start, length);
    if (left.isBound || !readNumberGroups(text, start, groups)) return end;
    if (groups.count === 1 && length < 6 && next !== dash && next !== space) return end;
    if (left.penalty === 0 || text.charCodeAt(start - 1) === slash) findDigitsFirstCodes(text, start, report);
    let strongEnd = end;
    const take: Report = (entity, from, to, base) => {
      report(entity, from, to, base - left.penalty);
      if (base - left.penalty >= 0.65 && to > strongEnd) strongEnd = to;
    };
    if (groups.gaps[0] === gap.dot) {
      const base = weighIpv4(text, groups);
      if (base !== undefined) take('IP_ADDRESS', start, groups.ends[3]!, base);
    }
    if (groups.count >= 3 && isLast(2) && !left.isSlash) findNumericBirthDate(groups, take);
    if (groups.count === 1 && left.penalty === 0) findPassport(text, start, end, context, report);
    for (let last = 0; last < groups.count; last += 1) {
      if (groups.digitCounts[last]! < 9 || !isLast(last)) continue;
      // `1/415...`: part of a fraction or a path, but a list of numbers otherwise.
      if (left.isSlash && (last === 0 || groups.gaps[0] === gap.slash)) continue;
      const to = groups.ends[last]!;
      const card = weighCard(groups, last);
      if (card !== undefined) take('CREDIT_CARD', start, to, card);
      const usId = weighUsId(groups, last);
      if (usId) take(usId.entity, start, to, usId.base);
      weighNationalNumbers(groups, last, (entity, base) => take(entity, start, to, base));
    }
    if (left.penalty === 0) phones.find(text, left.from, groups, isLast);
    return strongEnd;
  };
}

interface Left {
  /** Digits stand before, bound to these: another number's end. */
  readonly isBound: boolean;
  readonly isSlash: boolean;
  /** What a letter or a sign before takes from the worth. */
  readonly penalty: number;
  /** Where the number begins, with its bracket and plus. */
  readonly from: number;
}

function leftOf(text: string, start: number, length: number): Left {
  const free = { isBound: false, isSlash: false, penalty: 0, from: start };
  const before = text.charCodeAt(start - 1);
  const beforeThat = text.charCodeAt(start - 2);
  if (before === plus) return { ...free, from: start - 1 };
  if (before === openBracket) return { ...free, from: beforeThat === plus ? start - 2 : start - 1 };
  if (before === hash || before === underscore) return { ...free, penalty: 0.3 };
  if (before === dollar) return { ...free, penalty: 0.6 };
  if (before === comma) return { ...free, isBound: isDigit(beforeThat) && length === 3 };
  if (before !== dash && before !== dot && before !== slash) return free;
  if (isDigit(beforeThat)) return before === slash ? { ...free, isSlash: true } : { ...free, isBound: true };
  // A placeholder counts as the word that it stands for.
  if (!isAlphanumeric(beforeThat) && beforeThat !== 93 && beforeThat !== 62) return free;
  return before === dot ? free : { ...free, penalty: 0.3 };
}

/** Whether what follows binds these groups into something longer. */
function isBoundToNext(text: string, groups: NumberGroups, last: number): boolean {
  const kind = groups.gaps[last]!;
  if (kind !== gap.none) return kind === gap.dash || kind === gap.dot;
  const end = groups.ends[last]!;
  const next = text.charCodeAt(end);
  const nextButOne = text.charCodeAt(end + 1);
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
    isDigit(text.charCodeAt(at)) &&
    isDigit(text.charCodeAt(at + 1)) &&
    isDigit(text.charCodeAt(at + 2)) &&
    !isDigit(text.charCodeAt(at + 3))
  );
}

function isGapStart(code: number): boolean {
  return (
    code === space ||
    (code >= dash && code <= slash) ||
    code === 41 ||
    code === 10 ||
    code === 13 ||
    code === 9 ||
    code === 40
  );
}

const [space, hash, dollar, percent, openBracket, plus, comma] = [32, 35, 36, 37, 40, 43, 44];
const [dash, dot, slash, colon, atSign, underscore] = [45, 46, 47, 58, 64, 95];
