import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startRedis } from '../harness/redis.ts';
import {
  admission,
  assertNearMs,
  budget,
  concurrency,
  costs,
  dayMs,
  denied,
  every,
  granted,
  hourMs,
  minuteMs,
  org,
  rate,
  rolling,
  spend,
  windowOf,
} from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger } from './open-ledger.ts';

for (const stepMs of [hourMs, -hourMs, 3 * dayMs, -3 * dayMs]) {
  test(`decisions go on, by the store's clock, after it stepped by ${stepMs / hourMs} hours`, async (t) => {
    const redis = await startRedis(t, { fakeTime: true });
    const { ledger } = await openReadyLedger(t, redis.url);
    const parts = {
      demand: costs(40),
      budgets: [
        budget({ window: every(hourMs) }),
        budget({ budget: 'roll', limit: { tokens: 1000, nanoUsd: undefined }, window: rolling(hourMs) }),
      ],
      rates: [rate({ unit: 'tokens', perSecond: 1000, burst: 1000 })],
      concurrencies: [concurrency({ max: 10 })],
    };
    const before = admission(parts);
    granted(await ledger.admit(before));
    await redis.advance(stepMs);
    const after = admission(parts);
    const [state] = granted(await ledger.admit(after)).budgets;
    const storeMs = Number((await redis.client.time())[0]) * 1000;
    assertNearMs(ledger.nowMs(), storeMs);
    assert.ok(state!.startMs <= storeMs + 1000 && storeMs < state!.endMs);
    assert.equal(state!.held.tokens, 40, 'the window before is another one');
    for (const { holdId } of [before, after]) {
      const charge = { tokens: 30, nanoUsd: 0 };
      assert.equal((await ledger.settle({ org, holdId, charge, estimated: false })).kind, 'settled');
    }
    const windows = await ledger.windows(org);
    assert.ok(windows.every(({ held }) => held.tokens === 0));
    assert.deepEqual(await ledger.claimDue({ org, max: 10, claimMs: minuteMs }), []);
  });
}

test("a lease ends by the store's clock, also by one that stepped", async (t) => {
  const redis = await startRedis(t, { fakeTime: true });
  const { ledger } = await openReadyLedger(t, redis.url);
  const call = admission({ budgets: [budget()], leaseMs: minuteMs });
  granted(await ledger.admit(call));
  const claim = { org, max: 10, claimMs: minuteMs };
  await redis.advance(-hourMs);
  assert.deepEqual(await ledger.claimDue(claim), []);
  await redis.advance(hourMs + 2 * minuteMs);
  assert.equal((await ledger.claimDue(claim)).length, 1);
});

test('a rolling window is right again once a step of three days was taken back', async (t) => {
  const redis = await startRedis(t, { fakeTime: true });
  const { ledger } = await openReadyLedger(t, redis.url);
  const line = budget({ window: rolling(7 * dayMs) });
  await spend(ledger, 60, { budgets: [line] });
  await redis.advance(3 * dayMs);
  await spend(ledger, 30, { budgets: [line] });
  await redis.advance(-3 * dayMs);
  denied(await ledger.admit(admission({ demand: costs(11), budgets: [line] })));
  await spend(ledger, 10, { budgets: [line] });
  await redis.advance(8 * dayMs);
  assert.equal((await windowOf(ledger, 'day')).used.tokens, 30);
  await redis.advance(3 * dayMs);
  assert.equal((await windowOf(ledger, 'day')).used.tokens, 0);
});

test('a queue outlives a clock that steps back, and its sleepers are forgotten all the same', async (t) => {
  const redis = await startRedis(t, { fakeTime: true });
  const { ledger } = await openReadyLedger(t, redis.url);
  const parts = { concurrencies: [concurrency({ waitUpToMs: hourMs })], leaseMs: 2 * hourMs };
  granted(await ledger.admit(admission(parts)));
  const [sleeper, faithful] = [admission(parts), admission(parts)];
  assert.equal((await ledger.admit(sleeper)).kind, 'queued');
  await redis.advance(-hourMs);
  assert.deepEqual(await ledger.admit(faithful), { kind: 'queued', ahead: 1 });
  await redis.advance(2000);
  await ledger.admit(faithful);
  await redis.advance(2000);
  assert.deepEqual(await ledger.admit(faithful), { kind: 'queued', ahead: 0 });
});
