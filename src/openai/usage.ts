/** Tokens as every operation reports them, under one set of names. All are counts, never negative. */
export interface Usage {
  /** All input tokens, the cached ones included. */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  /** Input tokens written to the prompt cache; some models bill them at a rate of their own. */
  readonly cacheWriteTokens: number;
  /** All output tokens, the reasoning ones included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly totalTokens: number;
}
