import { codeAt } from './code-at.ts';
import type { Context } from './context.ts';
import { type NumberGroups, gap } from './number-groups.ts';
import type { Report } from './report.ts';

/** A date is one of birth only where a word near by says so. */
const base = 0.3;

/** `31/12/1985`, `12-31-85`, `1985.12.31`; days and months in either order. */
export function findNumericBirthDate(groups: NumberGroups, report: Report): void {
  if (groups.count < 3) return;
  const kind = groups.gaps[0]!;
  if (kind < gap.dash || kind > gap.slash || groups.gaps[1] !== kind || groups.gaps[2] === kind) return;
  const [first, second, third] = [0, 1, 2].map((index) => numberOf(groups, index)) as [
    number,
    number,
    number,
  ];
  const [firstLength, secondLength, thirdLength] = [0, 1, 2].map(
    (index) => groups.ends[index]! - groups.starts[index]!,
  ) as [number, number, number];
  const isDate =
    firstLength === 4
      ? isYear(first) && isMonthAndDay(second, third) && secondLength <= 2 && thirdLength <= 2
      : firstLength <= 2 &&
        secondLength <= 2 &&
        (thirdLength === 2 || (thirdLength === 4 && isYear(third))) &&
        (isMonthAndDay(first, second) || isMonthAndDay(second, first));
  if (isDate) report('DATE_OF_BIRTH', groups.starts[0]!, groups.ends[2]!, base);
}

/** A year with a month's name before it: `12. März 1985`, `March 12th, 1985`, `12 de marzo de 1985`. */
export function findWrittenBirthDate(
  text: string,
  yearStart: number,
  yearEnd: number,
  context: Context,
  report: Report,
): void {
  if (!isYear(yearAt(text, yearStart))) return;
  const before = text.slice(Math.max(0, yearStart - 32), yearStart);
  const match = writtenBefore.exec(before);
  if (!match) return;
  const from = yearStart - before.length + match.index;
  if (context.isRaised('DATE_OF_BIRTH', text, from, yearEnd)) report('DATE_OF_BIRTH', from, yearEnd, base);
}

/** `1985年3月12日` */
export function findCjkBirthDate(text: string, yearStart: number, report: Report): void {
  cjk.lastIndex = yearStart;
  const match = cjk.exec(text);
  if (match) report('DATE_OF_BIRTH', yearStart, yearStart + match[0].length, base);
}

function numberOf(groups: NumberGroups, index: number): number {
  const before = index === 0 ? 0 : groups.digitCounts[index - 1]!;
  return Number(groups.digits.slice(before, groups.digitCounts[index]));
}

/** Of four digits */
function yearAt(text: string, start: number): number {
  let year = 0;
  for (let at = start; at < start + 4; at += 1) year = year * 10 + codeAt(text, at) - zero;
  return year;
}

const zero = 48;

function isYear(year: number): boolean {
  return year >= 1900 && year <= 2035;
}

function isMonthAndDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

const months =
  'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|' +
  'january|february|march|june|july|sept|october|december|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|' +
  'enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|' +
  'settembre|ottobre|dicembre|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|' +
  'januari|februari|maart|mei|augustus|जनवरी|फरवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|अक्टूबर|नवंबर|दिसंबर|' +
  'يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر';

const writtenBefore = new RegExp(
  `(?<![\\p{L}\\d])(?:\\d{1,2}(?:st|nd|rd|th|er|º|\\.)? (?:de |of )?(?:${months})\\.?,? (?:de |del )?|(?:${months})\\.? \\d{1,2}(?:st|nd|rd|th)?,? )$`,
  'iu',
);

const cjk = /(?:19|20)\d{2}年\d{1,2}月\d{1,2}日/y;
