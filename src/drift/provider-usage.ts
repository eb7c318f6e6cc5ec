/** What the provider says that it has counted; implemented by an adapter. Both reject with a plain Error. */
export interface ProviderUsage {
  /** Of whole hours. */
  tokens(fromMs: number, toMs: number): Promise<ProviderTokens>;
  /** Of whole days of UTC. */
  costUsd(fromMs: number, toMs: number): Promise<number>;
  close(): Promise<void>;
}

export interface ProviderTokens {
  /** Cached ones are among them. */
  readonly input: number;
  readonly output: number;
  readonly cachedInput: number;
}
