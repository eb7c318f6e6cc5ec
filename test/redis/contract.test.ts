import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { createRedisLedger } from '../../src/redis/redis-ledger.ts';
import { type RunningRedis, startRedis, until } from '../harness/redis.ts';
import { describeLedger } from '../ledger/contract/ledger-contract.ts';

const releases: (() => Promise<void>)[] = [];
let redis: RunningRedis;
before(async () => {
  redis = await startRedis({ after: (release) => releases.push(release) }, { fakeTime: true });
});
after(() => Promise.all(releases.map((release) => release())));

describeLedger('Redis', async (t) => {
  const keyPrefix = randomUUID();
  const open = async () => {
    const options = { url: redis.url, timeoutMs: 5000, keyPrefix, onError: () => {} };
    const ledger = createRedisLedger(options);
    t.after(() => ledger.close());
    await until(() =>
      ledger.windows('ready').then(
        () => true,
        () => false,
      ),
    );
    return ledger;
  };
  return { ledger: await open(), another: open, advance: redis.advance };
});
