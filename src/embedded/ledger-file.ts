import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { StoreUnavailable } from '../ledger/ledger.ts';
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

/** How long a write waits for a command's that is under way: the event loop waits with it. */
const busyMs = 100;

/**
 * Opens the file of the only sidecar that may run on this directory. Throws an Error that says what to do if
 * there is another one, if the directory can't be written to, or if the file is damaged.
 */
export function openLedgerFile(stateDir: string): LedgerFile {
  const owner = becomeOwner(stateDir);
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
  const database = orRefuse(() => openDatabase(path));
  return {
    ...createLedgerFile(database),
    rowsOf: <Value>(table: string) => orRefuse(() => readRows<Value>(database, table), database),
    close() {
      database.close();
      owner.close();
    },
  };
}

/** For commands; throws `StoreUnavailable` if no sidecar ever ran on this directory. */
export function openForCommand(stateDir: string): DatabaseSync {
  const path = ledgerPath(stateDir);
  if (!existsSync(path)) {
    const reason = `There is no ledger at ${path}. Is store.stateDir the one that the sidecar runs with?`;
    throw new StoreUnavailable(reason, { mayHaveHappened: false });
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

/**
 * Locks a second, empty database for as long as the process lives: the ledger itself stays open to commands,
 * and the kernel drops the lock of a process that was killed.
 */
function becomeOwner(stateDir: string): DatabaseSync {
  const owner = ((): DatabaseSync => {
    try {
      mkdirSync(stateDir, { recursive: true });
      return new DatabaseSync(join(stateDir, 'owner.db'));
    } catch (error) {
      throw new Error(
        `The state directory ${stateDir} can't be written to (${reasonOf(error)}). Mount a volume there, or point store.stateDir elsewhere.`,
        { cause: error },
      );
    }
  })();
  try {
    owner.exec('BEGIN EXCLUSIVE');
    return owner;
  } catch (error) {
    owner.close();
    throw new Error(
      `The state directory ${stateDir} is in use by another sidecar, or can't be written to (${reasonOf(error)}). Stop that one, give each sidecar a store.stateDir of its own, or let them share a Redis (store.redisUrl).`,
      { cause: error },
    );
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    // NORMAL: a crash of the process loses nothing that was written, one of the machine perhaps the last writes.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    const { quick_check: verdict } = database.prepare('PRAGMA quick_check(1)').get() ?? {};
    if (verdict !== 'ok') throw new Error(String(verdict));
    const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
    if (version !== 0 && version !== schemaVersion) throw new Error(`unknown version ${String(version)}`);
    database.exec(`
      CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT);
      PRAGMA user_version = ${schemaVersion};
    `);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function createLedgerFile(database: DatabaseSync): Pick<LedgerFile, 'write' | 'requestsAfter'> {
  const put = database.prepare('INSERT OR REPLACE INTO records (kind, key, value) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM records WHERE kind = ? AND key = ?');
  const pending = database.prepare('SELECT id, request FROM requests WHERE id > ? ORDER BY id');
  const removeRequest = database.prepare('DELETE FROM requests WHERE id = ?');
  return {
    write(tables, requests) {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const table of tables) {
          for (const key of table.changedKeys()) {
            const value = table.get(key);
            if (value === undefined) remove.run(table.name, key);
            else put.run(table.name, key, JSON.stringify(value));
          }
        }
        for (const { id } of requests) removeRequest.run(id);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
