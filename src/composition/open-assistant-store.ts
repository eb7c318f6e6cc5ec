import { sealStore } from '../assistants/store/sealed-store.ts';
import type { AssistantStore } from '../assistants/store/store.ts';
import { createEmbeddedAssistantStore } from '../embedded/embedded-assistant-store.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import { createRedisAssistantStore } from '../redis/redis-assistant-store.ts';
import { openUnder, watchKeyring } from '../watching/watched-keyring.ts';
import type { StoreSettings } from './open-ledger.ts';

export interface AssistantStoreSettings extends StoreSettings {
  /** Empty: what is kept isn't encrypted. */
  readonly encryptionKeyFile: string;
}

export interface AssistantStoreParts {
  /** Makes the state directory this process's own: see `shareDirectory`. */
  own(): Ownership;
  /** Told of connections that fail, and of a key file that can't be reread; the last keys stay in use then. */
  onError(error: Error): void;
}

/**
 * The store of assistants and threads that the configuration names, behind a seal if it names a file of keys. Throws
 * an Error that says what to do if the state directory or the file of keys can't be used.
 */
export function openAssistantStore(
  settings: AssistantStoreSettings,
  parts: AssistantStoreParts,
): AssistantStore {
  // Without keys, too: what was sealed is told as such, and isn't taken for content.
  const keyring = watchKeyring(settings.encryptionKeyFile, parts.onError);
  return openUnder(keyring, (read) => sealStore(openStore(settings, parts), read));
}

function openStore(settings: StoreSettings, { own, onError }: AssistantStoreParts): AssistantStore {
  const { redisUrl: url, stateDir, timeoutMs, keyPrefix } = settings;
  if (url === '') return createEmbeddedAssistantStore({ stateDir, own, now: Date.now });
  return createRedisAssistantStore({ url, timeoutMs, keyPrefix, onError });
}
