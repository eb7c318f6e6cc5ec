import type { FirstOriginals, Scope } from './vault.ts';

/**
 * Where the tables of a `Vault` are kept. A store counts and keeps; what an original is it never learns: it sees a
 * digest to know it again by, and bytes that only a key opens. Promises what `Vault` does, and rejects as it does.
 */
export interface VaultStore {
  begin(scope: Scope, table: FirstOriginals<NumberedOriginal>): Promise<void>;
  /** The numbers of these, in their order. The sealed bytes of one that is there already are not kept. */
  name(scope: Scope, wanted: readonly SealedOriginal[]): Promise<readonly number[]>;
  read(scope: Scope): Promise<readonly NumberedOriginal[]>;
  join(from: Scope, to: Scope): Promise<void>;
  close(): Promise<void>;
}

/** What a store is opened with. */
export interface VaultStoreTerms {
  /** How long a table is kept after it was last used. */
  readonly keepMs: number;
}

export interface SealedOriginal {
  readonly entity: string;
  /** The same for the same original of the same entity; letters, digits and any of - and _. */
  readonly digest: string;
  readonly sealed: Buffer;
}

export interface NumberedOriginal extends SealedOriginal {
  readonly number: number;
}
