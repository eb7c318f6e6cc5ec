import type { Keyring } from '../../sealing/keyring.ts';
import { seal, unseal } from '../../sealing/seal.ts';
import type { AssistantStore, Document, Partition } from './store.ts';

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

function sealBody(body: string, { newest }: Keyring, { org, name }: Partition, id: string): string {
  if (newest === undefined) return body;
  const sealed = seal(Buffer.from(body), newest, [org, name, id]);
  return `sealed:${newest.id}:${sealed.toString('base64')}`;
}

function openBody(body: string, keyring: Keyring, { org, name }: Partition, id: string): string {
  // No body that isn't sealed begins like that: they are JSON.
  const header = /^sealed:([\w.-]+):/.exec(body);
  if (header === null) return body;
  const [{ length }, keyId = ''] = header;
  const sealed = Buffer.from(body.slice(length), 'base64');
  const place = [org, name, id];
  return unseal(sealed, { keyring, keyId, place, what: `the body of ${id}` }).toString('utf8');
}
