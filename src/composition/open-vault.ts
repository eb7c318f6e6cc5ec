import type { Config } from '../config/schema.ts';
import { createEmbeddedVaultStore } from '../embedded/embedded-vault-store.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import { sealVault } from '../redaction/sealed-vault.ts';
import type { VaultStore } from '../redaction/vault-store.ts';
import type { Vault } from '../redaction/vault.ts';
import { createRedisVaultStore } from '../redis/redis-vault-store.ts';
import { openUnder, watchKeyring } from '../watching/watched-keyring.ts';

interface VaultParts {
  /** Makes the state directory this process's own. */
  own(): Ownership;
  onError(error: Error): void;
}

/**
 * The vault that the configuration names, under the keys of `redaction.encryptionKeyFile`, or else of
 * `store.encryptionKeyFile`. Throws an Error that says what to do if there is neither, or if that or the state
 * directory can't be used.
 */
export function openVault(
  { store, redaction }: { readonly store: Config['store']; readonly redaction: Config['redaction'] },
  parts: VaultParts,
): Vault {
  const [file, keyPath] =
    redaction.encryptionKeyFile === ''
      ? [store.encryptionKeyFile, 'store.encryptionKeyFile']
      : [redaction.encryptionKeyFile, 'redaction.encryptionKeyFile'];
  const keyring = watchKeyring(file, parts.onError, keyPath);
  return openUnder(keyring, (read) => {
    const opened = openStore(store, redaction.keepSeconds * 1000, parts);
    try {
      return sealVault(opened, { keyring: read, keyPath });
    } catch (error) {
      void opened.close();
      throw error;
    }
  });
}

function openStore(settings: Config['store'], keepMs: number, { own, onError }: VaultParts): VaultStore {
  const { redisUrl: url, stateDir, timeoutMs, keyPrefix } = settings;
  if (url === '') return createEmbeddedVaultStore({ stateDir, own, now: Date.now, keepMs });
  return createRedisVaultStore({ url, timeoutMs, keyPrefix, onError, keepMs });
}
