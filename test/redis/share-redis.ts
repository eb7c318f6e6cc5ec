import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { type RunningRedis, startRedis } from '../harness/redis.ts';
import type { OpenLedger } from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger } from './open-ledger.ts';

/** One server for all tests of a file, each under keys of its own; its clock is moved by all of them. */
export function shareRedis(): OpenLedger {
  const releases: (() => Promise<void>)[] = [];
  let redis: RunningRedis;
  before(async () => {
    redis = await startRedis({ after: (release) => releases.push(release) }, { fakeTime: true });
  });
  after(() => Promise.all(releases.map((release) => release())));
  return async (test) => {
    const keyPrefix = randomUUID();
    const open = async () => (await openReadyLedger(test, redis.url, { keyPrefix })).ledger;
    return { ledger: await open(), another: open, advance: redis.advance };
  };
}
