import type { UpstreamLimitKind } from '../openai/rate-limit-headers.ts';

/** Whose limits they are: pods that name one alike spend its allowances together. */
export interface UpstreamAccount {
  /** As the configuration calls it. */
  readonly name: string;
  /** Of its URL: `https://api.openai.com`. */
  readonly origin: string;
}

/**
 * An allowance as it is told: ages instead of times, because nobody's clock is anybody else's.
 */
export interface ToldAllowance {
  readonly limit: number;
  readonly left: number;
  readonly perMs: number;
  readonly seenAgoMs: number;
}

/** How much all pods together have taken, and since when that is counted. */
export interface CommonCount {
  readonly taken: number;
  readonly sinceUs: number;
}

/** What a pod has to tell of one kind of limit since it last told. */
export interface KindNews {
  /** Including what was given back. */
  readonly taken: number;
  /** What the allowance is smaller by; negative if more was given back. */
  readonly spent: number;
  /** What it last heard; undefined if nothing. */
  readonly heard: CommonCount | undefined;
  /** Undefined if it has seen nothing that it has not told. What it took since is in there. */
  readonly seen: ToldAllowance | undefined;
}

export interface ModelNews {
  readonly model: string;
  /** For how long calls are held back, because of a 429 that was not told yet; or zero. */
  readonly heldForMs: number;
  readonly kinds: Readonly<Record<UpstreamLimitKind, KindNews>>;
}

export interface CommonKind {
  readonly allowance: ToldAllowance;
  readonly count: CommonCount;
}

/** What all pods together know of a model. */
export interface CommonModel {
  readonly heldForMs: number;
  readonly kinds: Readonly<Record<UpstreamLimitKind, CommonKind | undefined>>;
}

/** Where pods keep the allowances that they share. */
export interface SharedAllowances {
  /**
   * Tells what is new and resolves to what holds now, of each model in turn, in one atomic step. Rejects with
   * `StoreUnavailable`, within a bounded time; what was told may have arrived then.
   *
   * @param maxWaitMs bounds debts: see `spend`.
   */
  exchange(
    account: UpstreamAccount,
    maxWaitMs: number,
    news: readonly ModelNews[],
  ): Promise<readonly CommonModel[]>;
  close(): Promise<void>;
}
