/**
 * What a call costs, in both units at once. Both are integers, so that sums are exact: money is counted in
 * nano-USD (a price of $1 for a million tokens is 1,000 of them a token).
 */
export interface Amounts {
  readonly tokens: number;
  readonly nanoUsd: number;
}

export const nothing: Amounts = { tokens: 0, nanoUsd: 0 };

/**
 * The most that an amount or a sum can be: above every limit, so that what costs as much or more fits into none,
 * and far enough below 2^53 that a client of a store, which may be off by one there, reads it right.
 */
export const largestAmount = 9_007_000_000_000_000;

export const units = ['tokens', 'nanoUsd'] as const;

export type Unit = (typeof units)[number];
