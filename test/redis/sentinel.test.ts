import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startSentinel, until } from '../harness/redis.ts';
import { admission, budget, granted, heldTokens, org } from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger } from './open-ledger.ts';

test('decisions go on after a failover, and a hold made before it can be settled', async (t) => {
  const { url, master, replica } = await startSentinel(t);
  const { ledger } = await openReadyLedger(t, url);
  const call = admission({ budgets: [budget()] });
  granted(await ledger.admit(call));
  const keys = await master.client.dbsize();
  await until(async () => (await replica.client.dbsize()) === keys);
  await master.kill();
  const next = admission({ budgets: [budget()] });
  await until(() =>
    ledger.admit(next).then(
      (decision) => decision.kind === 'granted',
      () => false,
    ),
  );
  assert.match(await replica.client.info('replication'), /role:master/);
  assert.equal(await heldTokens(ledger), 20);
  const charge = { tokens: 4, nanoUsd: 0 };
  assert.equal((await ledger.settle({ org, holdId: call.holdId, charge, estimated: false })).kind, 'settled');
  assert.equal(await heldTokens(ledger), 10);
});
