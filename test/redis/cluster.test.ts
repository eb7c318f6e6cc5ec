import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type Admission, type Ledger, StoreUnavailable } from '../../src/ledger/ledger.ts';
import { type RunningCluster, type RunningRedis, startCluster } from '../harness/redis.ts';
import { admission, budget, concurrency, granted, rate } from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger, untilReady } from './open-ledger.ts';

const orgs = Array.from({ length: 12 }, (_, index) => `org ${index}`);

test('organisations live on all nodes of a cluster, and each is counted whole', async (t) => {
  const { cluster, ledger } = await open(t);
  await Promise.all(orgs.map((org) => admitAndSettle(ledger, org)));
  for (const org of orgs) {
    const [state] = await ledger.windows(org);
    assert.deepEqual([state?.used.tokens, state?.held.tokens], [4, 0]);
  }
  const sizes = await Promise.all(cluster.nodes.map(({ client }) => client.dbsize()));
  assert.ok(
    sizes.every((size) => size > 0),
    `${sizes}`,
  );
});

test('decisions go on while slots move from one node to another', async (t) => {
  const { cluster, ledger, keyPrefix } = await open(t);
  const org = 'acme';
  const call = decide(org);
  granted(await ledger.admit(call));
  const slot = await cluster.nodes[0]!.client.cluster('KEYSLOT', `${keyPrefix}:{${org}}:h`);
  const holders = await Promise.all(
    cluster.nodes.map(({ client }) => client.cluster('COUNTKEYSINSLOT', slot)),
  );
  const from = cluster.nodes[holders.findIndex((count) => count > 0)]!;
  const to = cluster.nodes.find((node) => node !== from)!;
  const [fromId, toId] = (await Promise.all([from, to].map(({ client }) => client.cluster('MYID')))) as [
    string,
    string,
  ];

  await to.client.cluster('SETSLOT', slot, 'IMPORTING', fromId);
  await from.client.cluster('SETSLOT', slot, 'MIGRATING', toId);
  await moveKeys(from, to, [`${keyPrefix}:{${org}}:i`]);
  // No node has all keys now, and a decision on a part of them would be wrong.
  await assert.rejects(ledger.admit(decide(org)), StoreUnavailable);
  await moveKeys(from, to, await from.client.cluster('GETKEYSINSLOT', slot, 100));
  // The old node still owns the slot, and says to ask the other one.
  granted(await ledger.admit(decide(org)));
  for (const { client } of [to, from]) await client.cluster('SETSLOT', slot, 'NODE', toId);
  granted(await ledger.admit(decide(org)));

  const settled = await ledger.settle({
    org,
    holdId: call.holdId,
    charge: { tokens: 4, nanoUsd: 0 },
    estimated: false,
  });
  assert.equal(settled.kind, 'settled');
  const [state] = await ledger.windows(org);
  assert.deepEqual([state?.used.tokens, state?.held.tokens], [4, 20]);
});

test('a node that comes back is found again', async (t) => {
  const { cluster, ledger } = await open(t, true);
  await Promise.all(orgs.map((org) => admitAndSettle(ledger, org)));
  await cluster.nodes[1]!.restart();
  await Promise.all(orgs.map((org) => untilReady(ledger, org)));
  await Promise.all(orgs.map((org) => admitAndSettle(ledger, org)));
  for (const org of orgs) assert.equal((await ledger.windows(org))[0]?.used.tokens, 8);
});

async function open(t: TestContext, aof = false) {
  const cluster: RunningCluster = await startCluster(t, { aof });
  return { cluster, ...(await openReadyLedger(t, cluster.url)) };
}

function decide(org: string): Admission {
  const rates = [rate({ burst: 100 })];
  return admission({ org, budgets: [budget()], rates, concurrencies: [concurrency({ max: 10 })] });
}

async function admitAndSettle(ledger: Ledger, org: string): Promise<void> {
  const call = decide(org);
  granted(await ledger.admit(call));
  const charge = { tokens: 4, nanoUsd: 0 };
  await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
}

async function moveKeys(from: RunningRedis, to: RunningRedis, keys: readonly string[]): Promise<void> {
  await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys);
}
