import { codeAt } from './code-at.ts';
import type { Report } from './report.ts';

const maxLength = 300;

/** RFC 3986, 3.2.1: `user:password` between `://` and the `@`. What stands around it may stay. */
export function findUrlCredentials(text: string, at: number, report: Report): void {
  const limit = Math.max(0, at - maxLength);
  let from = at;
  let colonAt = -1;
  let ats = 0;
  while (from > limit) {
    const code = codeAt(text, from - 1);
    if (code === slash) break;
    if (
      code <= space ||
      code === quote ||
      code === less ||
      code === greater ||
      code === openBracket ||
      code === closeBracket
    )
      return;
    if (code === colon) colonAt = from - 1;
    // A password may have one as it is; a run of them is no password.
    if (code === atSign && (ats += 1) > 2) return;
    from -= 1;
  }
  if (from <= 2 || codeAt(text, from - 1) !== slash) return;
  if (codeAt(text, from - 2) !== slash || codeAt(text, from - 3) !== colon) return;
  const next = codeAt(text, at + 1);
  if (colonAt < from || colonAt === at - 1 || next <= space || Number.isNaN(next)) return;
  report('URL_CREDENTIALS', from, at, 0.97);
}

const [space, quote, slash, colon, less, greater, atSign, openBracket, closeBracket] = [
  32, 34, 47, 58, 60, 62, 64, 91, 93,
];
