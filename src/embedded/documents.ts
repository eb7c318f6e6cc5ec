import type { DatabaseSync } from 'node:sqlite';

import type {
  Commit,
  Committed,
  Condition,
  Document,
  DocumentPage,
  PageRequest,
  Partition,
  Put,
} from '../assistants/store/store.ts';
import { inTransaction } from './open-database.ts';

/** A document's number tells its place in all of its lists: nothing that is there has a larger one at its creation. */
export const documentsSchema = `
  CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, org TEXT, partition_name TEXT, id TEXT, version INTEGER, body TEXT,
    UNIQUE (org, partition_name, id)
  );
  CREATE TABLE IF NOT EXISTS members (
    org TEXT, partition_name TEXT, list TEXT, number INTEGER REFERENCES documents ON DELETE CASCADE,
    PRIMARY KEY (org, partition_name, list, number)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS members_by_number ON members (number);
`;

/** Of `AssistantStore`, what is about documents, step by step. Every method throws what SQLite throws. */
export interface Documents {
  get(partition: Partition, ids: readonly string[]): (Document | undefined)[];
  commit(partition: Partition, commit: Commit): Committed;
  list(partition: Partition, list: string, page: PageRequest): DocumentPage | undefined;
  /** Deletes `most` at the most, and says whether there were any. */
  dropSome(partition: Partition, most: number): boolean;
}

const inPartition = 'org = ? AND partition_name = ?';

export function createDocuments(database: DatabaseSync): Documents {
  const find = database.prepare(`SELECT id, version, body FROM documents WHERE ${inPartition} AND id = ?`);
  const findVersion = database.prepare(`SELECT version FROM documents WHERE ${inPartition} AND id = ?`);
  const update = database.prepare(
    `UPDATE documents SET version = version + 1, body = ? WHERE ${inPartition} AND id = ?`,
  );
  const insert = database.prepare(
    'INSERT INTO documents (org, partition_name, id, version, body) VALUES (?, ?, ?, 1, ?)',
  );
  const join = database.prepare(
    'INSERT OR IGNORE INTO members (org, partition_name, list, number) VALUES (?, ?, ?, ?)',
  );
  const remove = database.prepare(`DELETE FROM documents WHERE ${inPartition} AND id = ?`);
  // By their ids, of which a thread's own is the last: as long as anything is left, it can be dropped again.
  const removeSome = database.prepare(
    `DELETE FROM documents WHERE number IN
     (SELECT number FROM documents WHERE ${inPartition} ORDER BY id LIMIT ?)`,
  );
  const readPage = createPageReader(database);

  function holds({ org, name }: Partition, { id, is }: Condition): boolean {
    const version = findVersion.get(org, name, id)?.['version'];
    if (is === 'absent') return version === undefined;
    return is === 'present' ? version !== undefined : version === is;
  }

  function put({ org, name }: Partition, { id, body, lists = [] }: Put): void {
    if (update.run(body, org, name, id).changes > 0) return;
    const { lastInsertRowid: number } = insert.run(org, name, id, body);
    for (const list of lists) join.run(org, name, list, number);
  }

  return {
    get: ({ org, name }, ids) =>
      ids.map((id) => {
        const row = find.get(org, name, id);
        return row === undefined ? undefined : readDocument(row);
      }),
    commit: (partition, { conditions = [], puts = [], deletes = [] }) =>
      inTransaction(database, () => {
        const failed = conditions.filter((each) => !holds(partition, each)).map(({ id }) => id);
        if (failed.length > 0) return { done: false, failed };
        for (const each of puts) put(partition, each);
        for (const id of deletes) remove.run(partition.org, partition.name, id);
        return { done: true };
      }),
    list: readPage,
    dropSome: ({ org, name }, most) => removeSome.run(org, name, most).changes > 0,
  };
}

function createPageReader(database: DatabaseSync): Documents['list'] {
  const findNumber = database.prepare(
    `SELECT number FROM members WHERE ${inPartition} AND list = ?
     AND number = (SELECT number FROM documents WHERE ${inPartition} AND id = ?)`,
  );
  // The members first, so that a page costs what is on it.
  const select = (direction: 'ASC' | 'DESC') =>
    database.prepare(
      `SELECT documents.id, documents.version, documents.body
       FROM members CROSS JOIN documents ON documents.number = members.number
       WHERE members.org = ? AND members.partition_name = ? AND members.list = ?
       AND members.number > ? AND members.number < ?
       ORDER BY members.number ${direction} LIMIT ?`,
    );
  const upwards = select('ASC');
  const downwards = select('DESC');

  return ({ org, name }, list, { limit, order, after, before }) => {
    const numberOf = (id: string) => Number(findNumber.get(org, name, list, org, name, id)?.['number']);
    const isAscending = order === 'asc';
    const [lowest, highest] = isAscending ? [after, before] : [before, after];
    const from = lowest === undefined ? 0 : numberOf(lowest);
    const to = highest === undefined ? Number.MAX_SAFE_INTEGER : numberOf(highest);
    if (Number.isNaN(from) || Number.isNaN(to)) return undefined;
    // With `before` alone, the page is read from its end on.
    const isBackwards = before !== undefined && after === undefined;
    const statement = isAscending !== isBackwards ? upwards : downwards;
    const documents = statement.all(org, name, list, from, to, limit + 1).map(readDocument);
    const hasMore = documents.length > limit;
    if (hasMore) documents.pop();
    return { documents: isBackwards ? documents.toReversed() : documents, hasMore };
  };
}

function readDocument(row: Record<string, unknown>): Document {
  return { id: String(row['id']), version: Number(row['version']), body: String(row['body']) };
}
