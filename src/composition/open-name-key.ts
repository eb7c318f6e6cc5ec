import { type KeyObject, hkdfSync, randomBytes } from 'node:crypto';

import type { Config } from '../config/schema.ts';
import type { Watched } from '../watching/watched-file.ts';
import { fixedKey, watchKeyFile } from '../watching/watched-key.ts';
import { watchKeyring } from '../watching/watched-keyring.ts';

interface NameKeyParts {
  readonly hashKey: Watched<string>;
  onProblem(error: Error): void;
  /** There is none that pods could share. */
  onNone(): void;
}

/** What is shorter is no secret, such as the `none` of an upstream that takes any key. */
const minSecretLength = 16;

/**
 * What names are hidden by, the same on every pod: `redaction.hashKey`; or else a key that is derived from the last one
 * of the encryption keys, since a new first line leaves that as it is; or else from the upstream's. Without any of them
 * it is one that lasts as long as the process.
 */
export function openNameKey(
  { redaction, store, upstream }: Pick<Config, 'redaction' | 'store' | 'upstream'>,
  { hashKey, onProblem, onNone }: NameKeyParts,
): Watched<string | Buffer> {
  if (hashKey.read() !== '') return hashKey;
  const [file, path] =
    redaction.encryptionKeyFile === ''
      ? [store.encryptionKeyFile, 'store.encryptionKeyFile']
      : [redaction.encryptionKeyFile, 'redaction.encryptionKeyFile'];
  if (file !== '') {
    const keyring = watchKeyring(file, onProblem, path);
    return { read: () => derive(keyring.read().oldest!.key), close: keyring.close };
  }
  const apiKey =
    upstream.apiKeyFile === ''
      ? fixedKey(upstream.apiKey)
      : watchKeyFile({ file: upstream.apiKeyFile, path: 'upstream.apiKeyFile', minLength: 1 }, onProblem);
  if (apiKey.read().length >= minSecretLength) {
    return { read: () => derive(apiKey.read()), close: apiKey.close };
  }
  apiKey.close();
  onNone();
  const key = randomBytes(32);
  return { read: () => key, close() {} };
}

function derive(key: KeyObject | string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'assistant-proxy: hidden names', 32));
}
