import { randomUUID } from 'node:crypto';
import { after, before, type TestContext } from 'node:test';

import type { AssistantStore } from '../../src/assistants/store/store.ts';
import { createRedisAssistantStore } from '../../src/redis/redis-assistant-store.ts';
import type { OpenStore } from '../assistants-store/contract/store-under-test.ts';
import { type RedisSetup, type RunningRedis, startRedis, until } from '../harness/redis.ts';

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
  const isReady = () => store.get({ org, name: 'ready' }, ['ready']).then(Boolean, () => false);
  await until(isReady);
}

/** One server for all tests of a file, each under keys of its own; its clock, if it can be moved, by all of them. */
export function shareRedisForStores(setup: RedisSetup = { fakeTime: true }): OpenStore {
  const releases: (() => Promise<void>)[] = [];
  let redis: RunningRedis;
  before(async () => {
    redis = await startRedis({ after: (release) => releases.push(release) }, setup);
  });
  after(() => Promise.all(releases.map((release) => release())));
  return async (test) => {
    const keyPrefix = randomUUID();
    const open = async () => (await openReadyStore(test, redis.url, keyPrefix)).store;
    return { store: await open(), another: open, advance: redis.advance };
  };
}
