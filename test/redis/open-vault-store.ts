import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';

import type { Redis } from 'ioredis';

import type { VaultStore } from '../../src/redaction/vault-store.ts';
import { createRedisVaultStore } from '../../src/redis/redis-vault-store.ts';
import { type OpenVaultStore, scopeOf, terms } from '../redaction/contract/vault-under-test.ts';
import { shareServer, untilCarriedOut } from './share-server.ts';

/** A pod's store, closed when the test is over. */
export function openVaultStore(
  test: TestContext,
  url: string,
  { keyPrefix = randomUUID(), timeoutMs = 2000 }: { keyPrefix?: string; timeoutMs?: number } = {},
): VaultStore {
  const store = createRedisVaultStore({ url, timeoutMs, keyPrefix, onError() {}, ...terms });
  test.after(() => store.close());
  return store;
}

/** One that has its connection. */
export async function openReadyVaultStore(...args: Parameters<typeof openVaultStore>): Promise<VaultStore> {
  const store = openVaultStore(...args);
  await untilCarriedOut(() => store.read(scopeOf('thread', 'ready', 'ready')));
  return store;
}

/** One server for all tests of a file: see `shareServer`. */
export function shareRedisForVaults(): OpenVaultStore {
  const server = shareServer();
  return async (test) => {
    const { url, keyPrefix, advance, client } = server();
    const open = () => openReadyVaultStore(test, url, { keyPrefix });
    return {
      store: await open(),
      another: open,
      advance,
      async nowMs() {
        const [seconds, micros] = await client.time();
        return 1000 * Number(seconds) + Math.floor(Number(micros) / 1000);
      },
      rawBytes: () => contentOf(client, `${keyPrefix}:*`),
    };
  };
}

/** Keys and all that is in their hashes. */
async function contentOf(client: Redis, pattern: string): Promise<Buffer> {
  const keys = await client.keys(pattern);
  const hashes = await Promise.all(keys.map((key) => client.callBuffer('HGETALL', key) as Promise<Buffer[]>));
  return Buffer.concat([Buffer.from(keys.join('\n')), ...hashes.flat()]);
}
