import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { inTransaction, openDatabase } from './open-database.ts';
import { becomeOwner, type Ownership, reasonOf } from './own-directory.ts';
import type { Table } from './table.ts';

/** The file behind the tables. Every method throws what SQLite throws. */
export interface LedgerFile {
  rowsOf<Value>(table: string): [string, Value][];
  /** Writes what was changed, and that these requests were carried out, in one transaction. */
  write(tables: readonly Table<unknown>[], requests: readonly FiledRequest[]): void;
  /** What commands have asked for since the request of that id. */
  requestsAfter(id: number): FiledRequest[];
  close(): void;
}

/** Of a command in a process of its own: see `requestReset`. */
export interface ResetRequest {
  readonly org: string;
  readonly budget: string;
  readonly scope?: string;
}

export interface FiledRequest extends ResetRequest {
  readonly id: number;
}

const schemaVersion = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT);
`;

/**
 * Opens the file of the only sidecar that may run on this directory. Throws an Error that says what to do if
 * there is another one, if the directory can't be written to, or if the file is damaged.
 */
export function openLedgerFile(
  stateDir: string,
  own: () => Ownership = () => becomeOwner(stateDir),
): LedgerFile {
  const owner = own();
  const path = ledgerPath(stateDir);
  /** Leaves the directory to others if the file is of no use. */
  function orRefuse<Result>(read: () => Result, database?: DatabaseSync): Result {
    try {
      return read();
    } catch (error) {
      database?.close();
      owner.close();
      throw new Error(
        `The ledger ${path} can't be read (${reasonOf(error)}). Restore it from a backup, or move it away and start with empty budgets.`,
        { cause: error },
      );
    }
  }
  const database = orRefuse(() => openDatabase(path, schemaVersion, schema));
  return {
    ...createLedgerFile(database),
    rowsOf: <Value>(table: string) => orRefuse(() => readRows<Value>(database, table), database),
    close() {
      database.close();
      owner.close();
    },
  };
}

/** For commands; throws if no sidecar ever ran on this directory. */
export function openForCommand(stateDir: string): DatabaseSync {
  const path = ledgerPath(stateDir);
  if (!existsSync(path)) {
    throw new Error(`There is no ledger at ${path}. Is store.stateDir the one that the sidecar runs with?`);
  }
  return new DatabaseSync(path, { timeout: 5000 });
}

export function readRows<Value>(database: DatabaseSync, table: string): [string, Value][] {
  const rows = database.prepare('SELECT key, value FROM records WHERE kind = ?').all(table);
  return rows.map(({ key, value }) => [String(key), JSON.parse(String(value)) as Value]);
}

export function insertRequest(database: DatabaseSync, request: ResetRequest): void {
  database.prepare('INSERT INTO requests (request) VALUES (?)').run(JSON.stringify(request));
}

function ledgerPath(stateDir: string): string {
  return join(stateDir, 'ledger.db');
}

function createLedgerFile(database: DatabaseSync): Pick<LedgerFile, 'write' | 'requestsAfter'> {
  const put = database.prepare('INSERT OR REPLACE INTO records (kind, key, value) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM records WHERE kind = ? AND key = ?');
  const pending = database.prepare('SELECT id, request FROM requests WHERE id > ? ORDER BY id');
  const removeRequest = database.prepare('DELETE FROM requests WHERE id = ?');
  return {
    write(tables, requests) {
      inTransaction(database, () => {
        for (const table of tables) {
          for (const key of table.changedKeys()) {
            const value = table.get(key);
            if (value === undefined) remove.run(table.name, key);
            else put.run(table.name, key, JSON.stringify(value));
          }
        }
        for (const { id } of requests) removeRequest.run(id);
      });
      for (const table of tables) table.markWritten();
    },
    requestsAfter(id) {
      return pending.all(id).map((row) => ({
        ...(JSON.parse(String(row['request'])) as ResetRequest),
        id: Number(row['id']),
      }));
    },
  };
}
