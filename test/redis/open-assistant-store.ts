import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';

import type { AssistantStore } from '../../src/assistants/store/store.ts';
import { createRedisAssistantStore } from '../../src/redis/redis-assistant-store.ts';
import type { OpenStore } from '../assistants-store/contract/store-under-test.ts';
import type { RedisSetup } from '../harness/redis.ts';
import { shareServer, untilCarriedOut } from './share-server.ts';

export interface OpenedStore {
  readonly store: AssistantStore;
  /** What it was told of its connections. */
  readonly errors: Error[];
}

/** A pod's store, closed when the test is over. */
export function openAssistantStore(
  test: TestContext,
  url: string,
  keyPrefix: string = randomUUID(),
): OpenedStore {
  const errors: Error[] = [];
  const onError = (error: Error) => void errors.push(error);
  const store = createRedisAssistantStore({ url, timeoutMs: 250, keyPrefix, onError });
  test.after(() => store.close());
  return { store, errors };
}

/** One that has its connection. */
export async function openReadyStore(...args: Parameters<typeof openAssistantStore>): Promise<OpenedStore> {
  const opened = openAssistantStore(...args);
  await untilStoreIsReady(opened.store);
  return opened;
}

export async function untilStoreIsReady(store: AssistantStore, org = 'ready'): Promise<void> {
  await untilCarriedOut(() => store.get({ org, name: 'ready' }, ['ready']));
}

/** One server for all tests of a file: see `shareServer`. */
export function shareRedisForStores(setup?: RedisSetup): OpenStore {
  const server = shareServer(setup);
  return async (test) => {
    const { url, keyPrefix, advance } = server();
    const open = async () => (await openReadyStore(test, url, keyPrefix)).store;
    return { store: await open(), another: open, advance };
  };
}
