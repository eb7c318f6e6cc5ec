import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { Admission } from '../../src/ledger/admission.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import { type RunningCluster, type RunningRedis, startCluster, until } from '../harness/redis.ts';
import {
  admission,
  budget,
  concurrency,
  costs,
  granted,
  rate,
} from '../ledger/contract/ledger-under-test.ts';
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
  const { from, to, slot, finish } = await beginMove(cluster, `${keyPrefix}:{${org}}:h`);
  await moveKeys(from, to, [`${keyPrefix}:{${org}}:i`]);
  // No node has all keys now, and a decision on a part of them would be wrong.
  await assert.rejects(ledger.admit(decide(org)), StoreUnavailable);
  await moveKeys(from, to, await from.client.cluster('GETKEYSINSLOT', slot, 100));
  // The old node still owns the slot, and says to ask the other one.
  granted(await ledger.admit(decide(org)));
  await finish();
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

test('no admission overshoots while a slot moves, whichever keys have moved already', async (t) => {
  const cluster = await startCluster(t);
  const { ledger, keyPrefix } = await openReadyLedger(t, cluster.url, { timeoutMs: 400 });
  // Only the keys of that kind, or all others.
  const moves = ['w', 'r', 'h', 'd', 'i', 'c', 'u'].flatMap((kind) => [
    { kind, isMoved: true },
    { kind, isMoved: false },
  ]);
  const begin = async ({ kind, isMoved }: { kind: string; isMoved: boolean }) => {
    const org = await orgOnFirstNode(cluster, keyPrefix, `${kind} ${isMoved}`);
    const places = concurrency({ max: 2 });
    const full = { org, budgets: [budget()], rates: [rate({ burst: 100 })], concurrencies: [places] };
    const holdIds: string[] = [];
    for (const tokens of [60, 40]) {
      const call = admission({ ...full, demand: costs(tokens) });
      granted(await ledger.admit(call));
      holdIds.push(call.holdId);
    }
    const [holdId = '', deferredId = ''] = holdIds;
    const upstream = { id: 'resp_1', path: '/responses/resp_1' };
    await ledger.defer({ org, holdId: deferredId, upstream, pollAfterMs: 0 });
    const base = `${keyPrefix}:{${encodeURIComponent(org)}}:`;
    const { from, to, slot, finish } = await beginMove(cluster, `${base}h`);
    const keys = await from.client.cluster('GETKEYSINSLOT', slot, 100);
    const first = keys.filter((key) => key.startsWith(base + kind) === isMoved);
    assert.ok(first.length > 0 && first.length < keys.length, `${keys}`);
    await moveKeys(from, to, first);

    const charge = { tokens: 10, nanoUsd: 0 };
    const attempt = async () => {
      // A budget alone, a limit of concurrency alone, and all together: each is full.
      for (const lines of [
        { budgets: full.budgets },
        { concurrencies: full.concurrencies },
        { budgets: full.budgets, rates: full.rates, concurrencies: full.concurrencies },
      ]) {
        const decision = await ledger.admit(admission({ org, demand: costs(10), ...lines })).catch(refused);
        assert.notEqual(decision?.kind, 'granted', `${org}: ${JSON.stringify(lines)}`);
      }
      // Whatever is refused has not been done in part, and whatever is not is done.
      await ledger.settle({ org, holdId, charge, estimated: false }).catch(refused);
      await ledger.settleDeferred({ org, upstreamId: upstream.id, charge, estimated: false }).catch(refused);
      await ledger.claimDue({ org, max: 10, claimMs: 0 }).catch(refused);
      await ledger.renew({ org, leaseMs: 60_000, holdIds }).catch(refused);
      await ledger.windows(org).catch(refused);
    };
    const complete = async () => {
      await moveKeys(
        from,
        to,
        keys.filter((key) => !first.includes(key)),
      );
      await finish();
      for (const each of holdIds) {
        const settlement = { org, holdId: each, charge, estimated: false };
        // The nodes' view of who has the slot takes a moment to spread.
        await until(() => ledger.settle(settlement).then(Boolean, () => false));
      }
      const [state] = await ledger.windows(org);
      assert.deepEqual([state?.used.tokens, state?.held.tokens], [20, 0]);
      granted(await ledger.admit(admission({ ...full, demand: costs(80) })));
    };
    return { attempt, complete };
  };
  const begun: Awaited<ReturnType<typeof begin>>[] = [];
  for (const move of moves) begun.push(await begin(move));
  await Promise.all(begun.map(({ attempt }) => attempt()));
  for (const { complete } of begun) await complete();
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
  return admission({ org, budgets: [budget()], rates });
}

async function admitAndSettle(ledger: Ledger, org: string): Promise<void> {
  const call = decide(org);
  granted(await ledger.admit(call));
  const charge = { tokens: 4, nanoUsd: 0 };
  await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
}

/** Nodes that take slots from each other at a time may end up each taking the other for a slot's owner. */
async function orgOnFirstNode(cluster: RunningCluster, keyPrefix: string, name: string): Promise<string> {
  const [{ client }] = cluster.nodes as [RunningRedis];
  for (let attempt = 0; ; attempt += 1) {
    const org = `${name} ${attempt}`;
    const slot = await client.cluster('KEYSLOT', `${keyPrefix}:{${encodeURIComponent(org)}}:h`);
    if (slot < 5000) return org;
  }
}

/** A slot on its way from the node that has it to another; `finish` says that it has arrived. */
async function beginMove(cluster: RunningCluster, key: string) {
  const slot = await cluster.nodes[0]!.client.cluster('KEYSLOT', key);
  const counts = await Promise.all(
    cluster.nodes.map(({ client }) => client.cluster('COUNTKEYSINSLOT', slot)),
  );
  const from = cluster.nodes[counts.findIndex((count) => count > 0)]!;
  const to = cluster.nodes.find((node) => node !== from)!;
  const [fromId, toId] = await Promise.all([from, to].map(({ client }) => client.call('CLUSTER', 'MYID')));
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', `${fromId}`);
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', `${toId}`);
  const finish = async () => {
    for (const { client } of [to, from]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', `${toId}`);
  };
  return { from, to, slot, finish };
}

function refused(error: unknown): undefined {
  assert.ok(error instanceof StoreUnavailable);
}

async function moveKeys(from: RunningRedis, to: RunningRedis, keys: readonly string[]): Promise<void> {
  await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys);
}
