import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import type { AnswerStore, AnswerStoreTerms, Begun } from '../idempotency/answer-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { inTransaction, openDatabase } from './open-database.ts';
import { type Ownership, reasonOf } from './own-directory.ts';

export interface EmbeddedAnswerStoreOptions extends AnswerStoreTerms {
  /** Created if it isn't there. */
  readonly stateDir: string;
  /** Makes the directory this process's own: see `shareDirectory`. */
  own(): Ownership;
  /** Milliseconds since 1970. */
  now(): number;
}

const schemaVersion = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS calls (
    org TEXT, name TEXT, owner TEXT, body TEXT, lease_end_ms INTEGER, expires_ms INTEGER, answer BLOB,
    PRIMARY KEY (org, name)
  );
  CREATE INDEX IF NOT EXISTS calls_by_expiry ON calls (expires_ms);
`;

/** More than come with one call, so that what has expired gets less; and few enough to cost no time. */
const removedAtOnce = 20;

/**
 * The calls of a sidecar without Redis, of all its organisations, in `answers.db`. What was kept is in the hands of
 * the kernel, so a killed process loses none of it; a call that it had begun is known as abandoned. Throws an Error
 * that says what to do if the file can't be opened.
 */
export function createEmbeddedAnswerStore(options: EmbeddedAnswerStoreOptions): AnswerStore {
  const owner = options.own();
  const path = join(options.stateDir, 'answers.db');
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path, schemaVersion, schema);
    return createStore(database, owner, options);
  } catch (error) {
    database?.close();
    owner.close();
    throw new Error(
      `The store of answers ${path} can't be read (${reasonOf(error)}). Restore it from a backup, or move it away and start without any.`,
      { cause: error },
    );
  }
}

function createStore(
  database: DatabaseSync,
  directory: Ownership,
  { leaseMs, keepMs, now }: EmbeddedAnswerStoreOptions,
): AnswerStore {
  const find = database.prepare(
    'SELECT body, lease_end_ms, answer FROM calls WHERE org = ? AND name = ? AND expires_ms > ?',
  );
  const insert = database.prepare(
    `INSERT OR REPLACE INTO calls (org, name, owner, body, lease_end_ms, expires_ms, answer)
     VALUES (?, ?, ?, ?, ?, ?, NULL)`,
  );
  const removeExpired = database.prepare(
    'DELETE FROM calls WHERE rowid IN (SELECT rowid FROM calls WHERE expires_ms <= ? LIMIT ?)',
  );
  const isOwners = 'org = ? AND name = ? AND owner = ? AND answer IS NULL';
  const extend = database.prepare(
    `UPDATE calls SET body = ?, lease_end_ms = ?, expires_ms = ? WHERE ${isOwners}`,
  );
  const conclude = database.prepare(
    // A call that is not there (any more) has run all the same: nobody may make it again.
    `INSERT INTO calls (org, name, owner, body, lease_end_ms, expires_ms, answer) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET body = excluded.body, expires_ms = excluded.expires_ms, answer = excluded.answer
     WHERE owner = excluded.owner AND answer IS NULL`,
  );
  const remove = database.prepare(`DELETE FROM calls WHERE ${isOwners}`);
  let isClosed = false;

  // The directory has one owner: whoever leased this is gone.
  database.prepare('UPDATE calls SET lease_end_ms = min(lease_end_ms, ?)').run(now());

  /** Every method is one synchronous step. What fails has been taken back. */
  async function step<Result>(carryOut: (nowMs: number) => Result): Promise<Result> {
    if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
    try {
      return carryOut(now());
    } catch (cause) {
      throw new StoreUnavailable(reasonOf(cause), { cause, mayHaveHappened: false });
    }
  }

  return {
    begin: ({ org, name, owner }, body) =>
      step((nowMs) => {
        const row = find.get(org, name, nowMs);
        if (row) return readBegun(row, nowMs);
        inTransaction(database, () => {
          removeExpired.run(nowMs, removedAtOnce);
          insert.run(org, name, owner, body, nowMs + leaseMs, nowMs + leaseMs + keepMs);
        });
        return { kind: 'begun' };
      }),
    renew: ({ org, name, owner }, body) =>
      step((nowMs) => {
        extend.run(body, nowMs + leaseMs, nowMs + leaseMs + keepMs, org, name, owner);
      }),
    keep: ({ org, name, owner }, body, answer) =>
      step((nowMs) => {
        conclude.run(org, name, owner, body, nowMs, nowMs + keepMs, answer);
      }),
    release: ({ org, name, owner }) => step(() => void remove.run(org, name, owner)),
    async close() {
      if (isClosed) return;
      isClosed = true;
      database.close();
      directory.close();
    },
  };
}

function readBegun(row: Record<string, unknown>, nowMs: number): Begun {
  const body = String(row['body']);
  const answer = row['answer'] as Uint8Array | null;
  if (answer !== null)
    return {
      kind: 'answered',
      body,
      answer: Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength),
    };
  return { kind: Number(row['lease_end_ms']) > nowMs ? 'running' : 'abandoned', body };
}
