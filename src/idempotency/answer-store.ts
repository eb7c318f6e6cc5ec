/**
 * Where calls with an `Idempotency-Key` are known by it, and their answers kept. Stores know who has begun a call and
 * whether it is still at it; what an answer is only those know who keep it.
 *
 * Every step is atomic, by the store's own clock. What is known of a call is forgotten at the latest `keepMs` after
 * its owner was last heard of, and so is its answer `keepMs` after it was kept. Every method rejects with
 * `StoreUnavailable`, and with nothing else.
 */
export interface AnswerStore {
  /**
   * Makes a call its owner's, unless it has been begun before. A lease says how long the owner may be silent;
   * nobody ever takes over a call whose lease has lapsed, since it may have run.
   */
  begin(call: Call, body: Fingerprint): Promise<Begun>;
  /**
   * Whoever is alive renews the lease, and tells the fingerprint that it did not know before. Of no effect if the
   * call is another owner's by now, or has its answer.
   */
  renew(call: Call, body: Fingerprint): Promise<void>;
  /** The end of a call that may have run, once: an answer is never replaced, nor given for another owner's call. */
  keep(call: Call, body: Fingerprint, answer: Buffer): Promise<void>;
  /** The end of a call that certainly did not run: forgets it, so that the next one may. */
  release(call: Call): Promise<void>;
  close(): Promise<void>;
}

/** What a store is opened with. */
export interface AnswerStoreTerms {
  /** How long an owner may be silent. */
  readonly leaseMs: number;
  /** How long an answer is kept. */
  readonly keepMs: number;
}

export interface Call {
  readonly org: string;
  /** Unique in the organisation, and safe to be read by anybody: a digest of whose key it is, and of the key. */
  readonly name: string;
  /** Who has begun it, or tries to: one request to one sidecar. */
  readonly owner: string;
}

/** A digest of what was asked for, in hexadecimal; empty as long as it isn't known. */
export type Fingerprint = string;

/**
 * `begun`: by this owner, now. `running`: by another one, which is at it. `abandoned`: by one that has been silent for
 * longer than its lease, so that nobody knows how far it came. `answered`: by one that has kept the answer.
 */
export type Begun =
  | { readonly kind: 'begun' }
  | { readonly kind: 'running' | 'abandoned'; readonly body: Fingerprint }
  | { readonly kind: 'answered'; readonly body: Fingerprint; readonly answer: Buffer };
