import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startRedis } from '../harness/redis.ts';
import { openReadyLedger } from '../redis/open-ledger.ts';
import { admission, budget, granted, org } from './contract/ledger-under-test.ts';

const users = 20_000;

test('to tell of thousands of windows takes Redis no long step, and leaves none out', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url, { timeoutMs: 20_000 });
  for (let from = 0; from < users; from += 1000) {
    const scopes = Array.from({ length: 1000 }, (_, index) => `user=u${from + index}`);
    const admissions = scopes.map((scope) => admission({ budgets: [budget({ scope })] }));
    for (const decision of await Promise.all(admissions.map(ledger.admit))) granted(decision);
  }
  await redis.client.config('SET', 'slowlog-log-slower-than', 100_000);
  await redis.client.slowlog('RESET');
  const windows = await ledger.windows(org);
  assert.equal(new Set(windows.map(({ scope }) => scope)).size, users);
  assert.equal(windows.length, users);
  assert.equal(await redis.client.slowlog('LEN'), 0, 'a step took more than 100 ms');
});
