import type { FaultKind } from './faults.ts';

/** An upstream that fails now and then, for whatever call it happens to be. */
export interface RandomFailures {
  /** Of all requests, from 0 to 1. */
  share: number;
  /** A float in [0, 1); a seeded one makes the same requests fail again. */
  random: () => number;
  /** What a 429 asks to wait; 5 unless told. */
  retryAfterMs?: number;
}

/** Decides over one request; undefined: it is served. */
export function failAtRandom(failures: RandomFailures): (isStream: boolean) => FaultKind | undefined {
  const { share, random, retryAfterMs = 5 } = failures;
  return (isStream) => {
    if (random() >= share) return undefined;
    const mix = MIX.filter(({ streamsOnly }) => isStream || !streamsOnly);
    let left = random() * mix.reduce((sum, { weight }) => sum + weight, 0);
    const chosen = mix.find(({ weight }) => (left -= weight) < 0)?.fault;
    return chosen?.kind === 'status' && chosen.status === 429 ? { ...chosen, retryAfterMs } : chosen;
  };
}

interface Weighted {
  readonly weight: number;
  readonly fault: FaultKind;
  readonly streamsOnly?: boolean;
}

/** Mostly what an upstream says itself, and some of what nobody says anything about. */
const MIX: readonly Weighted[] = [
  { weight: 4, fault: { kind: 'status', status: 429, code: 'rate_limit_exceeded' } },
  { weight: 2, fault: { kind: 'status', code: 'server_error' } },
  { weight: 2, fault: { kind: 'status', code: 'server_is_overloaded' } },
  { weight: 1, fault: { kind: 'reset' } },
  { weight: 1, fault: { kind: 'reset', ran: true } },
  { weight: 1, fault: { kind: 'errorEvent', events: 0 }, streamsOnly: true },
  { weight: 1, fault: { kind: 'errorEvent', events: 1 }, streamsOnly: true },
  { weight: 1, fault: { kind: 'resetAfter', bytes: 1500, ran: true }, streamsOnly: true },
];
