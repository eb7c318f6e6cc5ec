import { type Place, isToken } from './json/place.ts';

/**
 * A query with its names and values redacted; as it was written if nothing is found.
 *
 * @param place whose members the parameters are
 */
export function redactQuery(query: string, place: Place, redact: (text: string) => string): string {
  if (query.length < 2) return query;
  let isChanged = false;
  const pairs = query
    .slice(1)
    .split('&')
    .map((pair) => {
      const name = decode(pair.split('=', 1)[0]!).replace(/\[.*/s, '');
      if (place.member(name).kind === 'leave') return pair;
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
