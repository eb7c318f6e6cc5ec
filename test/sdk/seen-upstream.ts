import type { SeenRequest } from '../stand-in/stand-in.ts';

/** What depends on the hop, or on how a body is framed on it. The key is compared by who accepts it. */
const hopHeaders = new Set([
  'host',
  'connection',
  'keep-alive',
  'accept-encoding',
  'content-length',
  'transfer-encoding',
  'content-type',
]);

/**
 * What the upstream saw, in an order and form that must not depend on the way there. Polls that follow each
 * other count once, because their number depends on the clock; so does what an aborted stream cost.
 */
export function seenUpstream(requests: readonly SeenRequest[]): unknown[] {
  const seen = requests.map(({ method, path, headers, json, usage, status, aborted }) => ({
    method,
    path,
    status,
    left: aborted === true,
    headers: comparable(headers),
    contentType: headers['content-type']?.split(';')[0],
    json: withoutUsageOption(json),
    usage: aborted ? undefined : usage,
  }));
  return seen.filter((request, index) => {
    const previous = seen[index - 1];
    return request.method !== 'GET' || previous?.method !== 'GET' || previous.path !== request.path;
  });
}

function comparable(headers: SeenRequest['headers']): [string, unknown][] {
  return Object.entries(headers)
    .filter(([name]) => !hopHeaders.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The sidecar asks for the usage of a stream; the caller's tests show that it sees no more for it. */
function withoutUsageOption(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('stream_options' in json)) return json;
  const { stream_options: _, ...rest } = json;
  return rest;
}
