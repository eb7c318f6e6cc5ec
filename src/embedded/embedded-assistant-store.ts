import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';

import type { AssistantStore, Partition } from '../assistants/store/store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { createDocuments, documentsSchema } from './documents.ts';
import { openDatabase } from './open-database.ts';
import { type Ownership, reasonOf } from './own-directory.ts';
import { createWorkQueue, workSchema } from './work-queue.ts';

export interface EmbeddedAssistantStoreOptions {
  /** Created if it isn't there. */
  readonly stateDir: string;
  /** Makes the directory this process's own: see `shareDirectory`. */
  own(): Ownership;
  /** Milliseconds since 1970. */
  now(): number;
}

const schemaVersion = 1;
const dropAtOnce = 500;

/**
 * The assistants and threads of a sidecar without Redis, of all its organisations, in `assistants.db`. What was
 * answered is in the hands of the kernel, so a killed process loses none of it; work that it had leased is due at
 * once. Throws an Error that says what to do if the file can't be opened.
 */
export function createEmbeddedAssistantStore(options: EmbeddedAssistantStoreOptions): AssistantStore {
  const owner = options.own();
  const path = join(options.stateDir, 'assistants.db');
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path, schemaVersion, documentsSchema + workSchema);
    return createStore(database, owner, options.now);
  } catch (error) {
    database?.close();
    owner.close();
    throw new Error(
      `The store of assistants and threads ${path} can't be read (${reasonOf(error)}). Restore it from a backup, or move it away and start without any.`,
      { cause: error },
    );
  }
}

function createStore(database: DatabaseSync, owner: Ownership, now: () => number): AssistantStore {
  const documents = createDocuments(database);
  const work = createWorkQueue(database, now);
  let isClosed = false;

  /** Every method but `drop` is one synchronous step. What fails has been taken back. */
  async function step<Result>(carryOut: () => Result): Promise<Result> {
    if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
    try {
      return carryOut();
    } catch (cause) {
      throw new StoreUnavailable(reasonOf(cause), { cause, mayHaveHappened: false });
    }
  }

  /** A long thread takes a second, in which the process would do nothing else. */
  async function drop(partition: Partition): Promise<boolean> {
    const wasThere = await step(() => documents.dropSome(partition, dropAtOnce));
    for (
      let isLeft = wasThere;
      isLeft;
      isLeft = await step(() => documents.dropSome(partition, dropAtOnce))
    ) {
      await setImmediate();
    }
    return wasThere;
  }

  return {
    get: (partition, ids) => step(() => documents.get(partition, ids)),
    commit: (partition, commit) => step(() => documents.commit(partition, commit)),
    list: (partition, list, page) => step(() => documents.list(partition, list, page)),
    drop,
    schedule: (org, name, dueInMs) => step(() => work.schedule(org, name, dueInMs)),
    claim: (org, leaseMs, limit) => step(() => work.claim(org, leaseMs, limit)),
    renew: (org, names, leaseMs) => step(() => work.renew(org, names, leaseMs)),
    call: (org, name) => step(() => work.call(org, name)),
    finish: (org, name) => step(() => work.finish(org, name)),
    async close() {
      if (isClosed) return;
      isClosed = true;
      database.close();
      owner.close();
    },
  };
}
