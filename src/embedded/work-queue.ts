import type { DatabaseSync } from 'node:sqlite';

import { inTransaction } from './open-database.ts';

export const workSchema = `
  CREATE TABLE IF NOT EXISTS work (
    org TEXT, name TEXT, due_ms INTEGER, is_leased INTEGER DEFAULT 0, is_called INTEGER DEFAULT 0,
    PRIMARY KEY (org, name)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS work_by_due ON work (org, due_ms);
`;

/** Of `AssistantStore`, what is about work. Every method throws what SQLite throws. */
export interface WorkQueue {
  schedule(org: string, work: string, dueInMs: number): void;
  claim(org: string, leaseMs: number, limit: number): string[];
  renew(org: string, works: readonly string[], leaseMs: number): string[];
  call(org: string, work: string): void;
  finish(org: string, work: string): void;
}

/** `now`: milliseconds since 1970. */
export function createWorkQueue(database: DatabaseSync, now: () => number): WorkQueue {
  const put = database.prepare(
    `INSERT INTO work (org, name, due_ms) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET due_ms = excluded.due_ms, is_leased = 0`,
  );
  const findDue = database.prepare(
    'SELECT name FROM work WHERE org = ? AND due_ms <= ? ORDER BY due_ms, name LIMIT ?',
  );
  const lease = database.prepare('UPDATE work SET due_ms = ?, is_leased = 1 WHERE org = ? AND name = ?');
  const markCalled = database.prepare('UPDATE work SET is_called = 1 WHERE org = ? AND name = ?');
  const clearCall = database.prepare(
    'UPDATE work SET is_called = 0 WHERE org = ? AND name = ? AND is_called',
  );
  const remove = database.prepare('DELETE FROM work WHERE org = ? AND name = ?');

  // The directory has one owner: whoever leased this is gone.
  database.prepare('UPDATE work SET due_ms = min(due_ms, ?) WHERE is_leased').run(now());

  return {
    schedule: (org, work, dueInMs) => void put.run(org, work, now() + dueInMs),
    claim(org, leaseMs, limit) {
      const nowMs = now();
      const due = findDue.all(org, nowMs, limit).map(({ name }) => String(name));
      if (due.length === 0) return [];
      inTransaction(database, () => due.forEach((name) => lease.run(nowMs + leaseMs, org, name)));
      return due;
    },
    renew: (org, works, leaseMs) =>
      inTransaction(database, () => {
        const dueMs = now() + leaseMs;
        for (const name of works) lease.run(dueMs, org, name);
        return works.filter((name) => clearCall.run(org, name).changes > 0);
      }),
    call: (org, work) => void markCalled.run(org, work),
    finish: (org, work) => void remove.run(org, work),
  };
}
