import type { Finding } from '../detector.ts';
import { codeAt } from './code-at.ts';
import type { Resolved } from './resolve-overlaps.ts';

/** As much text as bears on what stands beside a finding: the words before it, and behind it what may be bound, and words. */
const beforeLength = 200;
const afterLength = 160;
/** What a finding decides of, by binding it or a word that says what it is, is no further from it. */
const maxGap = 64;
const maxRounds = 6;

/**
 * What can only be told once its neighbour is gone: in `4111 1111 1111 1111+49 30 1234567` the sign binds the card
 * to the phone number, until one of them is a placeholder. So nothing is found in a text that was masked. Only the
 * surroundings of findings are read again.
 */
export function findBeside(
  text: string,
  { kept, hasSpill }: Resolved,
  find: (text: string) => Finding[],
): Finding[] {
  let all = kept;
  let fresh = hasSpill ? kept : kept.filter(({ from, end }) => !isFree(text, from - 1) || !isFree(text, end));
  for (let round = 0; round < maxRounds && fresh.length > 0; round += 1) {
    fresh = windowsOf(text, fresh).flatMap((window) => findInWindow(text, window, all, find));
    if (fresh.length > 0) all = [...all, ...fresh].sort((left, right) => left.from - right.from);
  }
  return all;
}

/**
 * A blank or a quote, the end of a sentence or of a part of it, or nothing: it binds no number to its neighbour. A dot
 * or a comma right before one may.
 */
function isFree(text: string, at: number): boolean {
  const code = codeAt(text, at);
  if (code === dot) return isBlank(codeAt(text, at + 1));
  if (code === comma) return !isDigit(codeAt(text, at + 1));
  return isBlank(code) || code === quote || code === semicolon || code === less || code === greater;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isBlank(code: number): boolean {
  return Number.isNaN(code) || code <= 32;
}

const [quote, comma, dot, semicolon, less, greater] = [34, 44, 46, 59, 60, 62];

interface Window {
  readonly from: number;
  end: number;
}

function windowsOf(text: string, findings: readonly Finding[]): Window[] {
  const windows: Window[] = [];
  for (const { from, end } of findings) {
    const last = windows.at(-1);
    const windowEnd = Math.min(text.length, end + afterLength);
    if (last && from - beforeLength <= last.end) last.end = Math.max(last.end, windowEnd);
    else windows.push({ from: Math.max(0, from - beforeLength), end: windowEnd });
  }
  return windows;
}

/** Reads a window with placeholders for what is known, and takes what stands beside one. */
function findInWindow(
  text: string,
  window: Window,
  known: readonly Finding[],
  find: (text: string) => Finding[],
): Finding[] {
  let masked = '';
  const pieces: { maskedFrom: number; from: number; end: number }[] = [];
  const add = (from: number, end: number): void => {
    pieces.push({ maskedFrom: masked.length, from, end });
    masked += text.slice(from, end);
  };
  let at = window.from;
  for (let index = firstEndingBehind(known, window.from); index < known.length; index += 1) {
    const { entity, from, end } = known[index]!;
    if (from >= window.end) break;
    add(at, Math.max(at, from));
    masked += `[${entity}]`;
    at = end;
  }
  add(at, Math.max(at, window.end));
  let next = 0;
  return find(masked).flatMap((finding) => {
    while (next + 1 < pieces.length && pieces[next + 1]!.maskedFrom <= finding.from) next += 1;
    const { maskedFrom, from, end } = pieces[next]!;
    const moved = {
      ...finding,
      from: finding.from - maskedFrom + from,
      end: finding.end - maskedFrom + from,
    };
    const isBeside =
      (next > 0 && moved.from - from <= maxGap) || (next + 1 < pieces.length && end - moved.end <= maxGap);
    return isBeside && moved.end <= end ? [moved] : [];
  });
}

function firstEndingBehind(findings: readonly Finding[], place: number): number {
  let [low, high] = [0, findings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (findings[middle]!.end <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
