import type { WindowState } from '../ledger/ledger.ts';
import { insertRequest, openForCommand, readRows } from './ledger-file.ts';
import { type Account, windowsOf } from './windows.ts';

/**
 * Asks the sidecar that runs on this directory, or the next one that will, to reset a budget: see
 * `Ledger.reset`. It does so within a second. Throws if there is no ledger.
 */
export function requestReset(stateDir: string, org: string, budget: string, scope?: string): void {
  const database = openForCommand(stateDir);
  try {
    insertRequest(database, { org, budget, ...(scope === undefined ? {} : { scope }) });
  } finally {
    database.close();
  }
}

/** `Ledger.windows`, from outside of the sidecar's process: as of its last write. Throws if there is no ledger. */
export function readWindows(stateDir: string, org: string, nowMs: number): WindowState[] {
  const database = openForCommand(stateDir);
  try {
    const accounts = readRows<Account>(database, 'accounts').map(([, account]) => account);
    return accounts.filter((account) => account.org === org).flatMap((each) => windowsOf(each, nowMs));
  } finally {
    database.close();
  }
}
