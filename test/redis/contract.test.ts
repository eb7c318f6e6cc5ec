import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { type RunningRedis, startRedis } from '../harness/redis.ts';
import { describeLedger } from '../ledger/contract/ledger-contract.ts';
import { openReadyLedger } from './open-ledger.ts';

const releases: (() => Promise<void>)[] = [];
let redis: RunningRedis;

before(async () => {
  redis = await startRedis({ after: (release) => releases.push(release) }, { fakeTime: true });
});
after(() => Promise.all(releases.map((release) => release())));

describeLedger('Redis', async (t) => {
  const keyPrefix = randomUUID();
  const open = async () => (await openReadyLedger(t, redis.url, { keyPrefix })).ledger;
  return { ledger: await open(), another: open, advance: redis.advance };
});
