import { codeAt } from './code-at.ts';
import { isAlphanumeric } from './number-groups.ts';

/** From the `:` of a data URL in base64 (RFC 2397): where its data ends. They are a picture's, not text. */
export function skipDataUrl(text: string, colonAt: number): number | undefined {
  if (codeAt(text, colonAt - 1) !== 97 || !text.startsWith('data', colonAt - 4)) return undefined;
  head.lastIndex = colonAt;
  if (!head.test(text)) return undefined;
  let at = head.lastIndex;
  while (at < text.length && isBase64(codeAt(text, at))) at += 1;
  return at;
}

const head = /:[\w/+.-]{0,80}(?:;[\w=.-]{1,40}){0,3};base64,/y;

/** + / = - _ beside letters and digits */
function isBase64(code: number): boolean {
  return isAlphanumeric(code) || code === 43 || code === 47 || code === 61 || code === 45 || code === 95;
}
