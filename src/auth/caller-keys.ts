import { createHash, timingSafeEqual } from 'node:crypto';

import type { Identity } from '../exchange.ts';
import type { Caller, Callers } from '../policies/authenticate.ts';
import { type WatchedKey, fixedKey, watchKeyFile } from '../watching/watched-key.ts';

/** As the configuration writes it: one of `key` and `keyFile` is not empty. */
export interface CallerKey {
  readonly name: string;
  readonly key: string;
  readonly keyFile: string;
  readonly identity: Partial<Identity>;
}

export interface CallerKeys extends Callers {
  /** Stops watching files. */
  close(): void;
}

const minLength = 16;

/**
 * The keys of callers. Those in files are read again when they change; what is wrong then goes to `onProblem`,
 * and the last key stays valid. Throws if a file can't be used at the start, or two entries hold one key.
 *
 * Keys are compared by digest, which makes all lengths equal, and all of them are compared, so that the time it
 * takes tells nothing about any.
 */
export function createCallerKeys(
  entries: readonly CallerKey[],
  onProblem: (error: Error) => void,
): CallerKeys {
  const watches: WatchedKey[] = [];
  const close = (): void => watches.forEach((watched) => watched.close());
  try {
    const known = entries.map(({ name, key, keyFile, identity }, index) => {
      const path = `auth.keys[${index}].keyFile`;
      const watched =
        keyFile === '' ? fixedKey(key) : watchKeyFile({ file: keyFile, path, minLength }, onProblem);
      watches.push(watched);
      return { name, identity, digest: createDigest(watched.read) };
    });
    refuseEqualKeys(known);
    return { find: (key) => findKey(known, key), close };
  } catch (error) {
    close();
    throw error;
  }
}

interface KnownKey extends Caller {
  digest(): Buffer;
}

function findKey(known: readonly KnownKey[], key: string): Caller | undefined {
  const wanted = sha256(key);
  let found: Caller | undefined;
  for (const { digest, name, identity } of known) {
    const isEqual = timingSafeEqual(wanted, digest());
    if (isEqual) found ??= { name, identity };
  }
  return found;
}

/** The digest of a key that may change, worked out once for each key. */
function createDigest(read: () => string): () => Buffer {
  let key = read();
  let digest = sha256(key);
  return () => {
    if (read() !== key) {
      key = read();
      digest = sha256(key);
    }
    return digest;
  };
}

/** Else the identity of one of the two would never apply. */
function refuseEqualKeys(known: readonly KnownKey[]): void {
  const namesByDigest = new Map<string, string>();
  for (const { name, digest } of known) {
    const text = digest().toString('hex');
    const other = namesByDigest.get(text);
    if (other !== undefined) throw new Error(`auth.keys: ${name} and ${other} hold the same key`);
    namesByDigest.set(text, name);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
