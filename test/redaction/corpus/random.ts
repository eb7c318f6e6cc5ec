/** Chance from a seed: the same seed, the same corpus, on any machine. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** From `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<Item>(items: readonly Item[]): Item;
  chance(probability: number): boolean;
  /** So many characters of an alphabet. */
  text(alphabet: string, length: number): string;
  digits(length: number): string;
}

/** Mulberry32 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const text = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[between(0, alphabet.length - 1)]!).join('');
  return {
    next,
    between,
    pick: (items) => items[between(0, items.length - 1)]!,
    chance: (probability) => next() < probability,
    text,
    digits: (length) => text('0123456789', length),
  };
}
