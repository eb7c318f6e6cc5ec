/** Money is counted in integers of nano-USD: a price of $1 for a million tokens is 1,000 of them a token. */
export const nanoUsdPerUsd = 1_000_000_000;

/** What a model costs: in USD for a million tokens, unless said otherwise. Numbers are finite and not negative. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input that was read from the prompt cache; as `input` if missing. */
  readonly cachedInput?: number;
  /** Input that was written to the prompt cache; as `input` if missing. */
  readonly cacheWrite?: number;
  /** A whole call costs these prices if its input has more than `aboveInputTokens`. */
  readonly longContext?: LongContextPrice;
  /** How many times as much a call costs that is served with priority; 2 if missing. */
  readonly priorityMultiple?: number;
  /** USD for each call, besides its tokens. */
  readonly perRequest?: number;
  /** USD for each search that the model made; as `defaultToolPrices` if missing, like the next two. */
  readonly webSearchCall?: number;
  readonly fileSearchCall?: number;
  /** USD for the container, however many calls of the code interpreter an answer has. */
  readonly codeInterpreterSession?: number;
}

interface LongContextPrice {
  readonly aboveInputTokens: number;
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
}
