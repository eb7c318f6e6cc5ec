import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { SettlementJournal } from '../ledger/settlement-journal.ts';
import { becomeOwner, type Ownership } from './own-directory.ts';

/**
 * A journal in `unsettled.db`. What is kept has been handed to the kernel when `keep` returns, so a killed
 * process loses none of it. Throws as `becomeOwner` does, and at a file that is none. What fails later, on a full
 * disk for example, goes to `onError`: the charge itself still waits in memory.
 */
export function openSettlementJournal(
  stateDir: string,
  onError: (error: Error) => void,
  own: () => Ownership = () => becomeOwner(stateDir),
): SettlementJournal {
  const owner = own();
  const database = new DatabaseSync(join(stateDir, 'unsettled.db'));
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS unsettled (hold_id TEXT PRIMARY KEY, settlement TEXT) WITHOUT ROWID;
  `);
  const put = database.prepare('INSERT OR REPLACE INTO unsettled (hold_id, settlement) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM unsettled WHERE hold_id = ?');

  function orTell(write: () => unknown): void {
    try {
      write();
    } catch (error) {
      onError(error as Error);
    }
  }

  return {
    keep: (holdId, settlement) => orTell(() => put.run(holdId, settlement)),
    forget: (holdId) => orTell(() => remove.run(holdId)),
    kept: () =>
      database
        .prepare('SELECT settlement FROM unsettled')
        .all()
        .map((row) => String(row['settlement'])),
    close() {
      database.close();
      owner.close();
    },
  };
}
