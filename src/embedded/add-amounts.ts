import type { Amounts } from '../ledger/amounts.ts';

export function plus(left: Amounts, right: Amounts): Amounts {
  return { tokens: left.tokens + right.tokens, nanoUsd: left.nanoUsd + right.nanoUsd };
}

export function minus(left: Amounts, right: Amounts): Amounts {
  return { tokens: left.tokens - right.tokens, nanoUsd: left.nanoUsd - right.nanoUsd };
}

/** Negative parts become zero. */
export function atLeastNothing({ tokens, nanoUsd }: Amounts): Amounts {
  return { tokens: Math.max(0, tokens), nanoUsd: Math.max(0, nanoUsd) };
}
