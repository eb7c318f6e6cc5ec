import type { UpstreamLimit } from '../openai/rate-limit-headers.ts';

/** How much of an upstream's limit is left at a time. Below zero it is spent ahead. */
export interface Allowance {
  readonly limit: number;
  readonly left: number;
  readonly atMs: number;
  /** How fast it is replenished; zero: not known, and then nothing waits. */
  readonly perMs: number;
  /** When the upstream said so: when the call was sent whose answer told it. */
  readonly seenAtMs: number;
}

/** What was seen with an answer. */
export interface Sighting {
  readonly limit: UpstreamLimit;
  /**
   * When its call was sent. Upstreams count a call when it reaches them, so this is the time for which the answer
   * speaks, however long it took.
   */
  readonly sentAtMs: number;
  /** What was taken behind that call, and so is not in what the upstream says to be left. */
  readonly takenSince: number;
}

/** What an answer says; `known` itself if that is of a later call. */
export function seen(known: Allowance | undefined, sighting: Sighting, nowMs: number): Allowance {
  const { sentAtMs, takenSince } = sighting;
  if (known && known.seenAtMs > sentAtMs) return known;
  const { limit, remaining, resetMs } = sighting.limit;
  const missing = limit - remaining;
  const knownPerMs = known?.limit === limit ? known.perMs : 0;
  // Headers have whole milliseconds at best: what is shorter is one.
  const perMs = missing > 0 ? missing / Math.max(1, resetMs) : knownPerMs;
  const told = { limit, left: Math.min(limit, remaining), atMs: sentAtMs, perMs, seenAtMs: sentAtMs };
  const { left } = replenished(told, nowMs);
  return { ...told, left: left - takenSince, atMs: nowMs };
}

export function replenished(allowance: Allowance, nowMs: number): Allowance {
  const { limit, left, atMs, perMs } = allowance;
  return { ...allowance, left: Math.min(limit, left + Math.max(0, nowMs - atMs) * perMs), atMs: nowMs };
}

/**
 * What is left behind a call. Nobody waits longer than `maxWaitMs`, so no debt is larger than what comes in meanwhile:
 * else calls would go on to wait for others that were sent, and refused, long ago.
 */
export function spend(allowance: Allowance, amount: number, nowMs: number, maxWaitMs: number): Allowance {
  const now = replenished(allowance, nowMs);
  const left = now.left - Math.min(amount, now.limit);
  return { ...now, left: Math.max(left, Math.min(now.left, -now.perMs * maxWaitMs)) };
}

/** Of a call that was not sent. */
export function giveBack(allowance: Allowance, amount: number): Allowance {
  const { left, limit } = allowance;
  return { ...allowance, left: Math.min(limit, left + Math.min(amount, limit)) };
}

/** How long until what was spent is there, and what others may have taken besides. */
export function waitMsOf({ left, perMs }: Allowance, takenByOthers = 0): number {
  const stillLeft = left - takenByOthers;
  return stillLeft < 0 && perMs > 0 ? -stillLeft / perMs : 0;
}
