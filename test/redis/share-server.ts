import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { type RedisSetup, type RunningRedis, startRedis, until } from '../harness/redis.ts';

/** A server, and what keys there are to begin with. */
export interface SharedServer extends RunningRedis {
  readonly keyPrefix: string;
}

/**
 * One server for all tests of a file, which runs while they do. Each call is for a test, with keys of its own; the
 * clock, if it can be moved, is moved by all of them.
 */
export function shareServer(setup: RedisSetup = { fakeTime: true }): () => SharedServer {
  const releases: (() => Promise<void>)[] = [];
  let redis: RunningRedis;
  before(async () => {
    redis = await startRedis({ after: (release) => releases.push(release) }, setup);
  });
  after(() => Promise.all(releases.map((release) => release())));
  return () => ({ ...redis, keyPrefix: randomUUID() });
}

/** Waits for a connection: until a method is carried out. */
export async function untilCarriedOut(method: () => Promise<unknown>): Promise<void> {
  await until(() =>
    method().then(
      () => true,
      () => false,
    ),
  );
}
