import { randomUUID } from 'node:crypto';
import { after, before, type TestContext } from 'node:test';

import type { Redis } from 'ioredis';

import type { VaultStore } from '../../src/redaction/vault-store.ts';
import { createRedisVaultStore } from '../../src/redis/redis-vault-store.ts';
import { type RunningRedis, startRedis, until } from '../harness/redis.ts';
import { type OpenVaultStore, scopeOf, terms } from '../redaction/contract/vault-under-test.ts';

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
  await until(() =>
    store.read(scopeOf('thread', 'ready', 'ready')).then(
      () => true,
      () => false,
    ),
  );
  return store;
}

/** One server for all tests of a file, each under keys of its own; its clock is moved by all of them. */
export function shareRedisForVaults(): OpenVaultStore {
  const releases: (() => Promise<void>)[] = [];
  let redis: RunningRedis;
  before(async () => {
    redis = await startRedis({ after: (release) => releases.push(release) }, { fakeTime: true });
  });
  after(() => Promise.all(releases.map((release) => release())));
  return async (test) => {
    const keyPrefix = randomUUID();
    const open = () => openReadyVaultStore(test, redis.url, { keyPrefix });
    return {
      store: await open(),
      another: open,
      advance: redis.advance,
      rawBytes: () => contentOf(redis.client, `${keyPrefix}:*`),
    };
  };
}

/** Keys and all that is in their hashes. */
async function contentOf(client: Redis, pattern: string): Promise<Buffer> {
  const keys = await client.keys(pattern);
  const hashes = await Promise.all(keys.map((key) => client.callBuffer('HGETALL', key) as Promise<Buffer[]>));
  return Buffer.concat([Buffer.from(keys.join('\n')), ...hashes.flat()]);
}
