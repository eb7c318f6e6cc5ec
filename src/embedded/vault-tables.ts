import type { DatabaseSync } from 'node:sqlite';

import type { NumberedOriginal, SealedOriginal } from '../redaction/vault-store.ts';
import type { Scope } from '../redaction/vault.ts';
import { type Numbering, nextNumber } from './next-number.ts';

export const vaultSchema = `
  CREATE TABLE IF NOT EXISTS tables (id INTEGER PRIMARY KEY AUTOINCREMENT, expires_ms INTEGER);
  CREATE INDEX IF NOT EXISTS tables_by_expiry ON tables (expires_ms);
  -- Those whose scope can have had none before.
  CREATE TABLE IF NOT EXISTS first_tables (table_id INTEGER PRIMARY KEY);
  -- Who is the first of a table lives as long as that; others, which lead to it, as long as they are used.
  CREATE TABLE IF NOT EXISTS scopes (
    org TEXT, kind TEXT, name TEXT, table_id INTEGER, is_first INTEGER, expires_ms INTEGER,
    PRIMARY KEY (org, kind, name)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS scopes_by_expiry ON scopes (expires_ms);
  CREATE INDEX IF NOT EXISTS scopes_by_table ON scopes (table_id) WHERE is_first = 1;
  CREATE TABLE IF NOT EXISTS originals (
    table_id INTEGER, entity TEXT, digest TEXT, number INTEGER, sealed BLOB,
    PRIMARY KEY (table_id, entity, digest)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS originals_by_number ON originals (table_id, entity, number);
`;

/** Of each kind: more than come with one call, so that what has expired gets less; and few enough to cost no time. */
const removedAtOnce = 20;

/** Steps on the file, for a transaction. Every one throws what SQLite throws. */
export interface VaultTables {
  find(scope: Scope, nowMs: number): number | undefined;
  create(scope: Scope, expiresMs: number): number;
  /** Says of a new table that its scope can have had none before. */
  markFirst(table: number): void;
  /** Lets a scope lead to a table that another one has begun. */
  lead(scope: Scope, table: number, expiresMs: number): void;
  extend(scope: Scope, table: number, expiresMs: number): void;
  put(table: number, original: NumberedOriginal): void;
  /** @param clock what it is numbered by if it is new */
  numberOf(table: number, original: SealedOriginal, clock: Pick<Numbering, 'nowMs' | 'keepMs'>): number;
  originalsOf(table: number): NumberedOriginal[];
  removeExpired(nowMs: number): void;
}

export function createVaultTables(database: DatabaseSync): VaultTables {
  const findTable = database.prepare(
    'SELECT table_id FROM scopes WHERE org = ? AND kind = ? AND name = ? AND expires_ms > ?',
  );
  const insertTable = database.prepare('INSERT INTO tables (expires_ms) VALUES (?)');
  const putScope = database.prepare('INSERT OR REPLACE INTO scopes VALUES (?, ?, ?, ?, ?, ?)');
  const extendTable = database.prepare('UPDATE tables SET expires_ms = ? WHERE id = ?');
  const extendFirst = database.prepare(
    'UPDATE scopes SET expires_ms = ? WHERE table_id = ? AND is_first = 1',
  );
  const extendScope = database.prepare(
    'UPDATE scopes SET expires_ms = ? WHERE org = ? AND kind = ? AND name = ?',
  );
  const findNumber = database.prepare(
    'SELECT number FROM originals WHERE table_id = ? AND entity = ? AND digest = ?',
  );
  const findLast = database.prepare(
    'SELECT max(number) AS number FROM originals WHERE table_id = ? AND entity = ?',
  );
  const insertOriginal = database.prepare('INSERT INTO originals VALUES (?, ?, ?, ?, ?)');
  const insertFirst = database.prepare('INSERT INTO first_tables VALUES (?)');
  const findFirst = database.prepare('SELECT 1 FROM first_tables WHERE table_id = ?');
  const readOriginals = database.prepare(
    'SELECT entity, digest, number, sealed FROM originals WHERE table_id = ?',
  );
  const removeScopes = database.prepare(
    `DELETE FROM scopes WHERE (org, kind, name) IN
     (SELECT org, kind, name FROM scopes WHERE expires_ms <= ? LIMIT ${removedAtOnce})`,
  );
  const findExpired = database.prepare(`SELECT id FROM tables WHERE expires_ms <= ? LIMIT ${removedAtOnce}`);
  const removeOriginals = database.prepare('DELETE FROM originals WHERE table_id = ?');
  const removeFirst = database.prepare('DELETE FROM first_tables WHERE table_id = ?');
  const removeTable = database.prepare('DELETE FROM tables WHERE id = ?');

  function put(table: number, { entity, digest, number, sealed }: NumberedOriginal): void {
    insertOriginal.run(table, entity, digest, number, sealed);
  }

  return {
    find({ org, kind, id }, nowMs) {
      const row = findTable.get(org, kind, id, nowMs);
      return row && Number(row['table_id']);
    },
    create({ org, kind, id }, expiresMs) {
      const table = Number(insertTable.run(expiresMs).lastInsertRowid);
      putScope.run(org, kind, id, table, 1, expiresMs);
      return table;
    },
    markFirst(table) {
      insertFirst.run(table);
    },
    lead({ org, kind, id }, table, expiresMs) {
      putScope.run(org, kind, id, table, 0, expiresMs);
    },
    extend({ org, kind, id }, table, expiresMs) {
      extendTable.run(expiresMs, table);
      extendFirst.run(expiresMs, table);
      extendScope.run(expiresMs, org, kind, id);
    },
    put,
    numberOf(table, original, clock) {
      const { entity, digest } = original;
      const known = findNumber.get(table, entity, digest);
      if (known) return Number(known['number']);
      const last = Number(findLast.get(table, entity)?.['number'] ?? 0);
      const isFirst = findFirst.get(table) !== undefined;
      const number = nextNumber({ last, isFirst, ...clock });
      put(table, { ...original, number });
      return number;
    },
    originalsOf: (table) =>
      readOriginals.all(table).map((row) => ({
        entity: String(row['entity']),
        digest: String(row['digest']),
        number: Number(row['number']),
        sealed: Buffer.from(row['sealed'] as Uint8Array),
      })),
    removeExpired(nowMs) {
      removeScopes.run(nowMs);
      for (const { id } of findExpired.all(nowMs)) {
        removeOriginals.run(id!);
        removeFirst.run(id!);
        removeTable.run(id!);
      }
    },
  };
}
