import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

import { StoreUnavailable } from '../store-unavailable.ts';
import type { Keyring, SealingKey } from './keyring.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Where something is kept: what was sealed in one place opens in no other. */
export type Place = readonly string[];

/** AES-256-GCM with a random nonce: the nonce, what was encrypted, and the tag. */
export function seal(plain: Buffer, { key }: SealingKey, place: Place): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(bytesOf(place));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Opens what `seal` made with the key of that id. Throws `StoreUnavailable`, which says what to do, if there is no
 * such key any more, or if this isn't what was sealed. For the message, `what` names it, and `keyPath` is the key of
 * the configuration that names the file of keys.
 */
export function unseal(
  sealed: Buffer,
  {
    keyring,
    keyId,
    place,
    what,
    keyPath = 'store.encryptionKeyFile',
  }: { keyring: Keyring; keyId: string; place: Place; what: string; keyPath?: string },
): Buffer {
  const key = keyring.find(keyId);
  if (key === undefined) {
    throw cannotOpen(what, `${keyPath} has no key of the id "${keyId}": add its line again`);
  }
  try {
    return decrypt(sealed, key, place);
  } catch (cause) {
    throw cannotOpen(
      what,
      `it isn't what was sealed in this place with the key "${keyId}": if that id has got another key, give it back the one that it had; else it has been changed or moved, and is to be restored from a backup`,
      cause,
    );
  }
}

function decrypt(sealed: Buffer, key: KeyObject, place: Place): Buffer {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(bytesOf(place)).setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
  return Buffer.concat([plain, decipher.final()]);
}

function bytesOf(place: Place): Buffer {
  return Buffer.from(JSON.stringify(place));
}

function cannotOpen(what: string, reason: string, cause?: unknown): StoreUnavailable {
  return new StoreUnavailable(`${what} can't be opened: ${reason}`, { cause, mayHaveHappened: false });
}
