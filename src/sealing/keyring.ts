import { createSecretKey, type KeyObject } from 'node:crypto';

export interface Keyring {
  /** What is written is sealed with this one; undefined: it isn't sealed. */
  readonly newest: SealingKey | undefined;
  /** The last line's: the one that a new key changes the least. */
  readonly oldest: SealingKey | undefined;
  find(id: string): KeyObject | undefined;
}

export interface SealingKey {
  readonly id: string;
  readonly key: KeyObject;
}

export const noKeys: Keyring = { newest: undefined, oldest: undefined, find: () => undefined };

/**
 * Reads lines `id:base64` of 32 bytes each, the newest first; blank lines and those that begin with `#` are passed
 * over. Throws an Error that names the source and the line, and never quotes from it.
 */
export function parseKeyring(text: string, source: string): Keyring {
  const keys = new Map<string, KeyObject>();
  let newest: SealingKey | undefined;
  let oldest: SealingKey | undefined;
  for (const [index, line] of text
    .split('\n')
    .map((each) => each.trim())
    .entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const parts = /^([\w.-]{1,64}):([A-Za-z\d+/]{43}=)$/.exec(line);
    if (parts === null) {
      throw new Error(
        `${source}, line ${index + 1}: must be \`id:base64\`, an id of letters, digits and any of _ . -, and 32 bytes in base64`,
      );
    }
    const [, id = '', base64 = ''] = parts;
    if (keys.has(id)) throw new Error(`${source}, line ${index + 1}: a line above has the same id`);
    const key = createSecretKey(base64, 'base64');
    keys.set(id, key);
    oldest = { id, key };
    newest ??= oldest;
  }
  if (newest === undefined) throw new Error(`${source}: must hold a key, in a line \`id:base64\``);
  return { newest, oldest, find: (id) => keys.get(id) };
}
