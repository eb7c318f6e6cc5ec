import type { ErrorCode } from '../../error-table.ts';
import { ProxyError } from '../../errors.ts';

/** Throws the error about a parameter; the message gets its path in quotes. */
export function fail(code: ErrorCode, path: string, messageOf: (named: string) => string): never {
  if (path === '') throw new ProxyError(code, { message: messageOf('the body') });
  throw new ProxyError(code, { message: messageOf(`'${path}'`), param: path });
}

/** What the caller wrote is quoted in part only: it could be anything. */
export function shorten(text: string): string {
  return text.length <= maxQuoted ? text : `${text.slice(0, maxQuoted)}...`;
}

const maxQuoted = 64;

/** `a`, `a and b`, `a, b, and c`. */
export function inWords(items: readonly string[], link: 'and' | 'or'): string {
  if (items.length < 3) return items.join(` ${link} `);
  return `${items.slice(0, -1).join(', ')}, ${link} ${items.at(-1)}`;
}
