import { DatabaseSync } from 'node:sqlite';

/** How long a write waits for a command's that is under way: the event loop waits with it. */
const busyMs = 100;

/**
 * Opens a file that outlives the process, whole: a file that is damaged, or of another version, throws an Error.
 * `schema` creates what isn't there yet.
 */
export function openDatabase(path: string, schemaVersion: number, schema: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    // NORMAL: a crash of the process loses nothing that was written, one of the machine perhaps the last writes.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    const { quick_check: verdict } = database.prepare('PRAGMA quick_check(1)').get() ?? {};
    if (verdict !== 'ok') throw new Error(String(verdict));
    const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
    if (version !== 0 && version !== schemaVersion) throw new Error(`unknown version ${String(version)}`);
    database.exec(`${schema}; PRAGMA user_version = ${schemaVersion}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** All of it, or, if it throws, nothing. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
