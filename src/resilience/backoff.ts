export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  /** A float in [0, 1). */
  readonly random: () => number;
}

/**
 * How long to wait before another attempt: exponential with full jitter, which spreads callers that failed together
 * (Brooker, "Exponential Backoff And Jitter"). What an upstream asks for is waited for whole, and up to the base on
 * top at random, so that not all come back at one moment.
 *
 * @param attempts made so far, at least 1.
 * @param askedMs what the upstream asked for.
 */
export function pauseMs({ baseMs, maxMs, random }: Backoff, attempts: number, askedMs = 0): number {
  if (askedMs > 0) return askedMs + random() * baseMs;
  return random() * Math.min(maxMs, baseMs * 2 ** (attempts - 1));
}
