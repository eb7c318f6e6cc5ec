import { test } from 'node:test';

import { startRedis } from '../harness/redis.ts';
import { goByLimitsAsTheyAreNow } from './waiting-calls.ts';

test('a call that waits for a place in Redis goes by its limit as it is now', async (t) => {
  const redis = await startRedis(t);
  await goByLimitsAsTheyAreNow(t, { ASSISTANT_PROXY_STORE_REDIS_URL: redis.url });
});
