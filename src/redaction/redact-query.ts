import { isToken } from './json/place.ts';

/**
 * A query with its names and values redacted; as it was written if nothing is found.
 *
 * @param isLeft whether a parameter of that name is what the operation is for, and left alone
 */
export function redactQuery(
  query: string,
  isLeft: (name: string) => boolean,
  redact: (text: string) => string,
): string {
  if (query.length < 2) return query;
  let isChanged = false;
  const pairs = query
    .slice(1)
    .split('&')
    .map((pair) => {
      const name = decode(pair.split('=', 1)[0]!).replace(/\[.*/s, '');
      if (isLeft(name)) return pair;
      const parts = pair.split('=').map((part) => {
        const text = decode(part);
        // A cursor that is masked would name another page.
        if (cursors.has(name) && isToken(text)) return part;
        const redacted = redact(text);
        if (redacted === text) return part;
        isChanged = true;
        return encodeURIComponent(redacted);
      });
      return parts.join('=');
    });
  return isChanged ? `?${pairs.join('&')}` : query;
}

const cursors: ReadonlySet<string> = new Set(['after', 'before', 'starting_after', 'run_id']);

/** What is no escaped UTF-8 is looked at as it stands. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return part;
  }
}
