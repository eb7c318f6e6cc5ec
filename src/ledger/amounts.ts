/**
 * What a call costs, in both units at once. Both are integers, so that sums are exact: money is counted in
 * nano-USD (a price of $1 for a million tokens is 1,000 of them a token).
 */
export interface Amounts {
  readonly tokens: number;
  readonly nanoUsd: number;
}

export const nothing: Amounts = { tokens: 0, nanoUsd: 0 };

export const nanoUsdPerUsd = 1_000_000_000;

export const units = ['tokens', 'nanoUsd'] as const;

export type Unit = (typeof units)[number];
