/**
 * The body that asks a stream of Chat Completions, or of legacy Completions, for its usage; the caller's own
 * body is not changed. Undefined if there is nothing to ask: it is no stream, it asks already, or its
 * `stream_options` are none, which the upstream will say better.
 */
export function askForUsage(body: unknown): Record<string, unknown> | undefined {
  if (!isRecord(body) || body['stream'] !== true) return undefined;
  const options = body['stream_options'] ?? {};
  if (!isRecord(options) || options['include_usage'] === true) return undefined;
  return { ...body, stream_options: { ...options, include_usage: true } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
