import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes a directory this process's own, for as long as it lives, by locking an empty database in it: what else is
 * there stays open to commands, and the kernel drops the lock of a process that was killed. Throws an Error that
 * says what to do if there is another owner, or if the directory can't be written to.
 */
export function becomeOwner(stateDir: string): DatabaseSync {
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

/** An owner's part in a directory, which it gives up with `close`. */
export interface Ownership {
  close(): void;
}

/**
 * Lets the stores of one process own a directory together: the first to ask becomes its owner, and it is free again
 * when the last has given up its part. Throws as `becomeOwner` does.
 */
export function shareDirectory(stateDir: string): () => Ownership {
  let owner: DatabaseSync | undefined;
  let parts = 0;
  return () => {
    owner ??= becomeOwner(stateDir);
    parts += 1;
    let isGivenUp = false;
    return {
      close() {
        if (isGivenUp) return;
        isGivenUp = true;
        parts -= 1;
        if (parts > 0) return;
        owner?.close();
        owner = undefined;
      },
    };
  };
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
