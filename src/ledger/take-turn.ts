import { randomUUID } from 'node:crypto';

import type { RateLine } from './admission.ts';
import { nothing } from './amounts.ts';
import type { Ledger } from './ledger.ts';

interface Turn {
  readonly org: string;
  /** What is done in turns. No limit that is configured may have such a name: it begins with a colon. */
  readonly name: string;
  readonly everyMs: number;
}

/**
 * Gives one of all pods the turn, once in `everyMs`: a rate limit that the store keeps for all of them. Resolves to
 * zero if it is this one's turn, else to the milliseconds until it is anybody's. Rejects with `StoreUnavailable`.
 */
export async function takeTurn(ledger: Ledger, { org, name, everyMs }: Turn): Promise<number> {
  const line: RateLine = {
    limit: name,
    scope: '',
    unit: 'requests',
    perSecond: 1000 / everyMs,
    burst: 1,
    waitUpToMs: 0,
  };
  const decision = await ledger.admit({
    org,
    holdId: randomUUID(),
    leaseMs: 1000,
    waitedMs: 0,
    demand: {
      fixed: nothing,
      perOutputToken: nothing,
      outputTokens: 0,
      minOutputTokens: 0,
      usualOutputTokens: 0,
    },
    budgets: [],
    rates: [line],
    concurrencies: [],
    note: { operation: name, model: '' },
  });
  return decision.kind === 'denied' && decision.by.list === 'rates'
    ? Math.max(1, decision.by.retryAfterMs)
    : 0;
}
