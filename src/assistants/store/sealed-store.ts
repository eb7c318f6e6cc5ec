import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

import { StoreUnavailable } from '../../store-unavailable.ts';
import type { Keyring } from './keyring.ts';
import type { AssistantStore, Document, Partition } from './store.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * A store that sees bodies sealed only: AES-256-GCM under the newest key, each with a random nonce, and bound to its
 * organisation, partition and id, so that none opens in another's place. Bodies from before there was a key are
 * passed on as they are, as is what is written without one. Rejects with `StoreUnavailable` at a body that can't be
 * opened.
 */
export function sealStore(store: AssistantStore, keyring: () => Keyring): AssistantStore {
  const open = (partition: Partition, { id, version, body }: Document): Document => {
    return { id, version, body: openBody(body, keyring(), partition, id) };
  };
  return {
    ...store,
    async get(partition, ids) {
      const documents = await store.get(partition, ids);
      return documents.map((document) => document && open(partition, document));
    },
    async commit(partition, commit) {
      const puts = commit.puts?.map((put) => ({
        ...put,
        body: sealBody(put.body, keyring(), partition, put.id),
      }));
      return store.commit(partition, puts === undefined ? commit : { ...commit, puts });
    },
    async list(partition, list, request) {
      const page = await store.list(partition, list, request);
      return page && { ...page, documents: page.documents.map((document) => open(partition, document)) };
    },
  };
}

function sealBody(body: string, { newest }: Keyring, partition: Partition, id: string): string {
  if (newest === undefined) return body;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, newest.key, nonce).setAAD(placeOf(partition, id));
  const sealed = Buffer.concat([nonce, cipher.update(body, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `sealed:${newest.id}:${sealed.toString('base64')}`;
}

function openBody(body: string, keyring: Keyring, partition: Partition, id: string): string {
  // No body that isn't sealed begins like that: they are JSON.
  const header = /^sealed:([\w.-]+):/.exec(body);
  if (header === null) return body;
  const [{ length }, keyId = ''] = header;
  const key = keyring.find(keyId);
  if (key === undefined) {
    throw cannotOpen(id, `store.encryptionKeyFile has no key of the id "${keyId}": add its line again`);
  }
  const sealed = Buffer.from(body.slice(length), 'base64');
  try {
    return decrypt(sealed, key, placeOf(partition, id));
  } catch (cause) {
    throw cannotOpen(
      id,
      `it isn't what was sealed in this place with the key "${keyId}": if that id has got another key, give it back the one that it had; else the body has been changed or moved, and is to be restored from a backup`,
      cause,
    );
  }
}

function decrypt(sealed: Buffer, key: KeyObject, place: Buffer): string {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(place).setAuthTag(sealed.subarray(-tagBytes));
  const text = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
}

function placeOf({ org, name }: Partition, id: string): Buffer {
  return Buffer.from(JSON.stringify([org, name, id]));
}

function cannotOpen(id: string, reason: string, cause?: unknown): StoreUnavailable {
  return new StoreUnavailable(`the body of ${id} can't be opened: ${reason}`, {
    cause,
    mayHaveHappened: false,
  });
}
