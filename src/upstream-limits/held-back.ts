import { readDurationMs, readUpstreamLimit, upstreamLimitKinds } from '../openai/rate-limit-headers.ts';
import { readRetryAfterMs } from '../openai/retry-after.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Whatever is asked for: a mistake of the upstream's must not slow calls for a day. */
export const longestHoldMs = 60_000;

/**
 * For how long a 429 asks all calls to stay away. Where it says how much is left of which limit until when, that is
 * spent in order, and nothing has to stop; a reset without that is all there is to go by.
 */
export function heldBackMs(headers: Headers, unixMs: number): number {
  const askedMs = readRetryAfterMs(headers, unixMs) || Math.max(0, ...upstreamLimitKinds.map(resetMs));
  return Math.min(longestHoldMs, askedMs);

  function resetMs(kind: (typeof upstreamLimitKinds)[number]): number {
    if (readUpstreamLimit(headers, kind)) return 0;
    return readDurationMs(headers[`x-ratelimit-reset-${kind}`]) ?? 0;
  }
}
