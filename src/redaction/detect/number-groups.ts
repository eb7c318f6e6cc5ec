import { codeAt } from './code-at.ts';

/** Digits as people write them: groups with a space, a dash or the like between. The memory is used again. */
export interface NumberGroups {
  count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** All digits up to this group's end, counted from the first group. */
  readonly digitCounts: Int32Array;
  /** What stands behind this group: a `gap`. */
  readonly gaps: Uint8Array;
  /** All groups' digits. */
  digits: string;
}

export const gap = {
  /** Nothing that binds: the end, or other characters. */
  none: 0,
  space: 1,
  dash: 2,
  dot: 3,
  slash: 4,
  /** Brackets, or several of these. */
  loose: 5,
  /** A line break among them. */
  line: 6,
} as const;

/** No number that is looked for has more digits, or more groups. */
export const maxDigits = 19;

export function createNumberGroups(): NumberGroups {
  return {
    count: 0,
    starts: new Int32Array(maxDigits + 1),
    ends: new Int32Array(maxDigits + 1),
    digitCounts: new Int32Array(maxDigits + 1),
    gaps: new Uint8Array(maxDigits + 1),
    digits: '',
  };
}

/**
 * Reads the groups of which `[start, firstEnd)` is the first, up to 19 digits. False if that alone has more: it is no
 * number of a person's then.
 */
export function readNumberGroups(
  text: string,
  start: number,
  firstEnd: number,
  groups: NumberGroups,
): boolean {
  let at = start;
  let end = firstEnd;
  let digitCount = 0;
  groups.count = 0;
  groups.digits = '';
  while (true) {
    if (digitCount + end - at > maxDigits) break;
    digitCount += end - at;
    const index = groups.count;
    groups.starts[index] = at;
    groups.ends[index] = end;
    groups.digitCounts[index] = digitCount;
    groups.count += 1;
    const next = endOfGap(text, end);
    const isGap = next > end && isDigit(codeAt(text, next));
    groups.gaps[index] = isGap ? gapKind(text, end, next) : gap.none;
    if (!isGap) break;
    at = next;
    end = next + 1;
    while (isDigit(codeAt(text, end))) end += 1;
  }
  return groups.count > 0;
}

/** Their digits without what stands between them. */
export function joinDigits(text: string, groups: NumberGroups): string {
  let digits = text.slice(groups.starts[0], groups.ends[0]);
  for (let index = 1; index < groups.count; index += 1)
    digits += text.slice(groups.starts[index], groups.ends[index]);
  return digits;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** Three characters are as much as is written between two groups: ` - `, `) (`. */
export function endOfGap(text: string, from: number): number {
  let at = from;
  while (at < from + 3 && isGapCharacter(codeAt(text, at))) at += 1;
  return at;
}

function isGapCharacter(code: number): boolean {
  return (
    code === 32 ||
    (code >= 45 && code <= 47) ||
    code === 40 ||
    code === 41 ||
    code === 10 ||
    code === 13 ||
    code === 9
  );
}

function gapKind(text: string, from: number, end: number): number {
  for (let at = from; at < end; at += 1) {
    if (codeAt(text, at) === 10 || codeAt(text, at) === 13) return gap.line;
  }
  if (end - from > 1) return gap.loose;
  const code = codeAt(text, from);
  if (code === 32) return gap.space;
  if (code === 45) return gap.dash;
  if (code === 46) return gap.dot;
  return code === 47 ? gap.slash : gap.loose;
}

/** All gaps between these two groups, if they are of one kind; `gap.none` for a single group; else undefined. */
export function commonGap(groups: NumberGroups, last: number): number | undefined {
  const first = last === 0 ? gap.none : groups.gaps[0]!;
  for (let index = 1; index < last; index += 1) if (groups.gaps[index] !== first) return undefined;
  return first;
}

/** Whether these are the lengths of the groups up to this one. */
export function hasShape(groups: NumberGroups, last: number, lengths: readonly number[]): boolean {
  if (lengths.length !== last + 1) return false;
  for (let index = 0; index <= last; index += 1) {
    if (groups.ends[index]! - groups.starts[index]! !== lengths[index]) return false;
  }
  return true;
}
