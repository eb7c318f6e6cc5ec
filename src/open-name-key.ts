import { hkdfSync, randomBytes } from 'node:crypto';

import type { Config } from './config/schema.ts';
import type { Watched } from './watched-file.ts';
import { watchKeyring } from './watched-keyring.ts';

interface NameKeyParts {
  readonly hashKey: Watched<string>;
  onProblem(error: Error): void;
  /** There is none that pods could share. */
  onNone(): void;
}

/**
 * What names are hidden by: `redaction.hashKey`; or else a key that is derived from the last one of the encryption keys,
 * as what a new first line leaves as it is; or else one that lasts as long as the process.
 */
export function openNameKey(
  { redaction, store }: Pick<Config, 'redaction' | 'store'>,
  { hashKey, onProblem, onNone }: NameKeyParts,
): Watched<string | Buffer> {
  if (hashKey.read() !== '') return hashKey;
  const [file, path] =
    redaction.encryptionKeyFile === ''
      ? [store.encryptionKeyFile, 'store.encryptionKeyFile']
      : [redaction.encryptionKeyFile, 'redaction.encryptionKeyFile'];
  if (file === '') {
    onNone();
    const key = randomBytes(32);
    return { read: () => key, close() {} };
  }
  const keyring = watchKeyring(file, onProblem, path);
  return {
    read: () =>
      Buffer.from(hkdfSync('sha256', keyring.read().oldest!.key, '', 'assistant-proxy: hidden names', 32)),
    close: keyring.close,
  };
}
