import { ProxyError } from '../errors.ts';
import type { CallRedaction } from './call-redaction.ts';
import { isToken } from './json/place.ts';
import { maskAtOnce } from './mask-at-once.ts';

/** Throws `pii_blocked` if a path holds what must not leave: an id that is masked would name something else. */
export function refuseInPath(path: string, call: CallRedaction): void {
  const isClean = (segment: string) => isToken(segment) || maskAtOnce(segment, call) === segment;
  if (decodeURIComponent(path).split('/').every(isClean)) return;
  throw new ProxyError('pii_blocked', {
    message: 'The path of the request holds personal data or a secret, which must not leave.',
    headers: { 'x-should-retry': 'false' },
  });
}
