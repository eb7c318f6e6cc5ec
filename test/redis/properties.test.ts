import { randomUUID } from 'node:crypto';

import { startRedis } from '../harness/redis.ts';
import { testLedgerProperties } from '../ledger/contract/ledger-properties.ts';
import { openReadyLedger } from './open-ledger.ts';

testLedgerProperties(
  'Redis',
  async (t) => {
    const redis = await startRedis(t, { fakeTime: true });
    const keyPrefix = randomUUID();
    const open = async () => (await openReadyLedger(t, redis.url, { keyPrefix })).ledger;
    return { ledger: await open(), another: open, advance: redis.advance };
  },
  { runs: 200, rollsBack: false },
);
