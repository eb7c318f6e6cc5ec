import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import type { VaultStore, VaultStoreTerms } from '../redaction/vault-store.ts';
import type { Scope } from '../redaction/vault.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { inTransaction, openDatabase } from './open-database.ts';
import { type Ownership, reasonOf } from './own-directory.ts';
import { createVaultTables, vaultSchema } from './vault-tables.ts';

export interface EmbeddedVaultStoreOptions extends VaultStoreTerms {
  /** Created if it isn't there. */
  readonly stateDir: string;
  /** Makes the directory this process's own: see `shareDirectory`. */
  own(): Ownership;
  /** Milliseconds since 1970. */
  now(): number;
}

const schemaVersion = 1;

/**
 * The tables of originals of a sidecar without Redis, of all its organisations, in `redaction.db`. What was named is
 * in the hands of the kernel, so a killed process loses none of it. Throws an Error that says what to do if the file
 * can't be opened.
 */
export function createEmbeddedVaultStore(options: EmbeddedVaultStoreOptions): VaultStore {
  const owner = options.own();
  const path = join(options.stateDir, 'redaction.db');
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path, schemaVersion, vaultSchema);
    return createStore(database, owner, options);
  } catch (error) {
    database?.close();
    owner.close();
    throw new Error(
      `The store of originals ${path} can't be read (${reasonOf(error)}). Restore it from a backup, or move it away and start without any.`,
      { cause: error },
    );
  }
}

function createStore(
  database: DatabaseSync,
  directory: Ownership,
  { keepMs, now }: EmbeddedVaultStoreOptions,
): VaultStore {
  const tables = createVaultTables(database);
  const { find, create, lead, extend, removeExpired } = tables;
  let isClosed = false;

  /** Every method is one synchronous step. What fails has been taken back. */
  async function step<Result>(carryOut: (nowMs: number, expiresMs: number) => Result): Promise<Result> {
    if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
    try {
      const nowMs = now();
      return inTransaction(database, () => carryOut(nowMs, nowMs + keepMs));
    } catch (cause) {
      throw new StoreUnavailable(reasonOf(cause), { cause, mayHaveHappened: false });
    }
  }

  function findOrCreate(scope: Scope, nowMs: number, expiresMs: number): number {
    const table = find(scope, nowMs);
    if (table !== undefined) {
      extend(scope, table, expiresMs);
      return table;
    }
    removeExpired(nowMs);
    return create(scope, expiresMs);
  }

  return {
    begin: (scope, { originals, isFirst }) =>
      step((nowMs, expiresMs) => {
        if (find(scope, nowMs) !== undefined) return;
        removeExpired(nowMs);
        const table = create(scope, expiresMs);
        if (isFirst) tables.markFirst(table);
        for (const original of originals) tables.put(table, original);
      }),
    name: (scope, wanted) =>
      step((nowMs, expiresMs) => {
        const table = findOrCreate(scope, nowMs, expiresMs);
        return wanted.map((original) => tables.numberOf(table, original, { nowMs, keepMs }));
      }),
    read: (scope) =>
      step((nowMs, expiresMs) => {
        const table = find(scope, nowMs);
        if (table === undefined) return [];
        extend(scope, table, expiresMs);
        return tables.originalsOf(table);
      }),
    join: (from, to) =>
      step((nowMs, expiresMs) => {
        const table = findOrCreate(from, nowMs, expiresMs);
        if (find(to, nowMs) === undefined) lead(to, table, expiresMs);
      }),
    async close() {
      if (isClosed) return;
      isClosed = true;
      database.close();
      directory.close();
    },
  };
}
