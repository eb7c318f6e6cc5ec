import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';

import type { AnswerStore } from '../../src/idempotency/answer-store.ts';
import { createRedisAnswerStore } from '../../src/redis/redis-answer-store.ts';
import { type OpenAnswerStore, callBy, terms } from '../idempotency/contract/answer-store-under-test.ts';
import { shareServer, untilCarriedOut } from './share-server.ts';

/** A pod's store, closed when the test is over. */
export function openAnswers(test: TestContext, url: string, keyPrefix: string = randomUUID()): AnswerStore {
  const store = createRedisAnswerStore({ url, timeoutMs: 250, keyPrefix, onError() {}, ...terms });
  test.after(() => store.close());
  return store;
}

/** One that has its connection. */
export async function openReadyAnswers(...args: Parameters<typeof openAnswers>): Promise<AnswerStore> {
  const store = openAnswers(...args);
  await untilCarriedOut(() => store.release(callBy('nobody', 'ready', 'ready')));
  return store;
}

/** One server for all tests of a file: see `shareServer`. */
export function shareRedisForAnswers(): OpenAnswerStore {
  const server = shareServer();
  return async (test) => {
    const { url, keyPrefix, advance } = server();
    const open = () => openReadyAnswers(test, url, keyPrefix);
    return { store: await open(), another: open, advance };
  };
}
