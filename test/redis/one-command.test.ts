import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { startRedis } from '../harness/redis.ts';
import { admission, budget, concurrency, granted, org, rate } from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger } from './open-ledger.ts';
import { watchCommands } from './watch-commands.ts';

test('every method is one command', async (t) => {
  const { ledger, commandsOf } = await watch(t);
  const upstream = { id: 'resp_1', path: '/responses/resp_1' };
  const charge = { tokens: 1, nanoUsd: 0 };
  const call = admission({ budgets: [budget()], rates: [rate()], concurrencies: [concurrency()] });
  const { holdId } = call;
  const methods: Record<string, () => Promise<unknown>> = {
    admit: () => ledger.admit(call),
    renew: () => ledger.renew({ org, leaseMs: 1000, holdIds: [holdId] }),
    defer: () => ledger.defer({ org, holdId, upstream, pollAfterMs: 1000 }),
    claimDue: () => ledger.claimDue({ org, max: 1, claimMs: 1000 }),
    windows: () => ledger.windows(org),
    settleDeferred: () => ledger.settleDeferred({ org, upstreamId: upstream.id, charge, estimated: false }),
    settle: () => ledger.settle({ org, holdId, charge, estimated: false }),
    leaveQueue: () => ledger.leaveQueue(call),
    reset: () => ledger.reset(org, 'day'),
  };
  for (const [name, method] of Object.entries(methods)) {
    await method();
    assert.deepEqual(await commandsOf(method), ['evalsha'], `${name} was more than one command`);
  }
});

test('only a store that does not know a hold is told where to charge it, in a second command', async (t) => {
  const { ledger, commandsOf } = await watch(t);
  const budgets = [budget()];
  const held = { tokens: 10, nanoUsd: 0 };
  const unrecorded = { budgets, rates: [], held, admittedAtMs: ledger.nowMs() };
  const settle = (holdId: string) =>
    ledger.settle({ org, holdId, charge: held, estimated: false, unrecorded });
  const call = admission({ budgets });
  granted(await ledger.admit(call));
  await settle('unknown 1');
  assert.deepEqual(await commandsOf(() => settle(call.holdId)), ['evalsha']);
  assert.deepEqual(await commandsOf(() => settle(call.holdId)), ['evalsha'], 'a duplicate');
  assert.deepEqual(await commandsOf(() => settle('unknown 2')), ['evalsha', 'evalsha']);
});

test('a decision on twenty budgets is one command', async (t) => {
  const { ledger, commandsOf } = await watch(t);
  const budgets = Array.from({ length: 20 }, (_, index) => budget({ budget: `b${index}` }));
  const decide = async () => void granted(await ledger.admit(admission({ budgets })));
  await decide();
  assert.deepEqual(await commandsOf(decide), ['evalsha']);
});

/** A ledger on a server, and what a piece of work sends there. */
async function watch(t: TestContext) {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url);
  return { ledger, commandsOf: await watchCommands(t, redis) };
}
