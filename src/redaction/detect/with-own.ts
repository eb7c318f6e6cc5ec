import type { Finding } from '../detector.ts';

/**
 * What is found of a text whose escapes were resolved, and what is found of it as it is written, in one. Both are in
 * the order of the text, and their places are those of the text as it is written.
 */
export function withOwn(written: string, told: readonly Finding[], own: readonly Finding[]): Finding[] {
  let at = 0;
  const more = own.filter(({ from }) => {
    while (at < told.length && told[at]!.end <= from) at += 1;
    const each = told[at];
    // What begins within one that is told has its end from an escape that was one; what begins with all of an escape
    // but its backslash, and then is told, has taken that for text.
    return each === undefined || each.from > behindEscape(written, from);
  });
  if (more.length === 0) return [...told];
  const whole = more.map((finding) => ({ ...finding, from: behindEscapes(written, finding.from) }));
  return cover([...told, ...whole].sort((one, other) => one.from - other.from));
}

function behindEscape(text: string, from: number): number {
  if (text[from - 1] !== '\\') return from;
  return from + (text[from] === 'u' ? 'uXXXX'.length : 1);
}

/** What begins with the letter of an escape begins with that, or what is left would be no escape. */
function behindEscapes(text: string, start: number): number {
  let from = start;
  while (text[from - 1] === '\\') from -= 1;
  return from;
}

/** Those that overlap become one, of the better validated entity. */
function cover(findings: readonly Finding[]): Finding[] {
  const all: Finding[] = [];
  for (const each of findings) {
    const last = all.at(-1);
    if (!last || each.from >= last.end) {
      all.push(each);
      continue;
    }
    const { entity, score } = each.score > last.score ? each : last;
    all[all.length - 1] = { entity, score, from: last.from, end: Math.max(last.end, each.end) };
  }
  return all;
}
