import { type Amounts, largestAmount } from '../ledger/amounts.ts';

export function plus(left: Amounts, right: Amounts): Amounts {
  return { tokens: left.tokens + right.tokens, nanoUsd: left.nanoUsd + right.nanoUsd };
}

export function minus(left: Amounts, right: Amounts): Amounts {
  return { tokens: left.tokens - right.tokens, nanoUsd: left.nanoUsd - right.nanoUsd };
}

/** With each part from zero to the largest amount. */
export function bounded({ tokens, nanoUsd }: Amounts): Amounts {
  const within = (amount: number): number => Math.min(Math.max(0, amount), largestAmount);
  return { tokens: within(tokens), nanoUsd: within(nanoUsd) };
}
