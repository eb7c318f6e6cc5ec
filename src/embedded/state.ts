import { type Concurrency, createConcurrency } from './concurrency.ts';
import type { Hold, Tombstone } from './holds.ts';
import type { Bucket } from './rates.ts';
import { createTable, keyOf, type Table } from './table.ts';
import type { Account } from './windows.ts';

/** All that the embedded ledger knows. The tables are kept in the file; the rest follows from the holds. */
export interface LedgerState {
  readonly accounts: Table<Account>;
  readonly buckets: Table<Bucket>;
  readonly holds: Table<Hold>;
  /** Of holds of which news may come late. */
  readonly tombstones: Table<Tombstone>;
  /**
   * Of all others, the oldest first. Not in the file: they are for whoever settles twice, and no such caller
   * outlives this process.
   */
  readonly recentTombstones: Map<string, Tombstone>;
  readonly concurrency: Concurrency;
  /** Key of the upstream's id -> id of the hold, as long as news of it can come. */
  readonly upstreamIds: Map<string, string>;
}

/** `rowsOf` reads a table's rows back from the file. */
export function createState(rowsOf: <Value>(table: string) => Iterable<[string, Value]>): LedgerState {
  const holds = createTable<Hold>('holds', rowsOf('holds'));
  const concurrency = createConcurrency();
  const upstreamIds = new Map<string, string>();
  for (const { org, holdId, concurrencyKeys, leaseEndMs, upstream } of holds.values()) {
    concurrency.take(concurrencyKeys, holdId, leaseEndMs);
    if (upstream !== undefined) upstreamIds.set(keyOf(org, upstream.id), holdId);
  }
  const tombstones = createTable<Tombstone>('tombstones', rowsOf('tombstones'));
  for (const { holdId, upstreamKey } of tombstones.values()) {
    if (upstreamKey !== undefined) upstreamIds.set(upstreamKey, holdId);
  }
  return {
    accounts: createTable<Account>('accounts', rowsOf('accounts')),
    buckets: createTable<Bucket>('buckets', rowsOf('buckets')),
    holds,
    tombstones,
    recentTombstones: new Map(),
    concurrency,
    upstreamIds,
  };
}
