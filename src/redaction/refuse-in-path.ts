import { ProxyError } from '../errors.ts';
import type { CallRedaction } from './call-redaction.ts';
import { findAtOnce } from './find-at-once.ts';
import { isToken } from './json/place.ts';

/** Throws `pii_blocked` if a path holds what must not leave: an id that is masked would name something else. */
export function refuseInPath(path: string, call: CallRedaction): void {
  const isClean = (segment: string) => isToken(segment) || findAtOnce(segment, 'block', call).length === 0;
  if (decodeURIComponent(path).split('/').every(isClean)) return;
  throw new ProxyError('pii_blocked', {
    message: 'The path of the request holds personal data or a secret, which must not leave.',
    headers: { 'x-should-retry': 'false' },
  });
}
