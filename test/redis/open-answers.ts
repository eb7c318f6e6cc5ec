import { randomUUID } from 'node:crypto';
import { after, before, type TestContext } from 'node:test';

import type { AnswerStore } from '../../src/idempotency/answer-store.ts';
import { createRedisAnswerStore } from '../../src/redis/redis-answer-store.ts';
import { type RedisSetup, type RunningRedis, startRedis, until } from '../harness/redis.ts';
import { type OpenAnswerStore, callBy, terms } from '../idempotency/contract/answer-store-under-test.ts';

/** A pod's store, closed when the test is over. */
export function openAnswers(test: TestContext, url: string, keyPrefix: string = randomUUID()): AnswerStore {
  const store = createRedisAnswerStore({ url, timeoutMs: 250, keyPrefix, onError() {}, ...terms });
  test.after(() => store.close());
  return store;
}

/** One that has its connection. */
export async function openReadyAnswers(...args: Parameters<typeof openAnswers>): Promise<AnswerStore> {
  const store = openAnswers(...args);
  const ready = callBy('nobody', 'ready', 'ready');
  await until(() =>
    store.release(ready).then(
      () => true,
      () => false,
    ),
  );
  return store;
}

/** One server for all tests of a file, each under keys of its own; its clock is moved by all of them. */
export function shareRedisForAnswers(setup: RedisSetup = { fakeTime: true }): OpenAnswerStore {
  const releases: (() => Promise<void>)[] = [];
  let redis: RunningRedis;
  before(async () => {
    redis = await startRedis({ after: (release) => releases.push(release) }, setup);
  });
  after(() => Promise.all(releases.map((release) => release())));
  return async (test) => {
    const keyPrefix = randomUUID();
    const open = () => openReadyAnswers(test, redis.url, keyPrefix);
    return { store: await open(), another: open, advance: redis.advance };
  };
}
