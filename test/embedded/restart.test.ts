import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';

import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import { type Ledger } from '../../src/ledger/ledger.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import {
  admission,
  budget,
  concurrency,
  costs,
  denied,
  granted,
  hourMs,
  minuteMs,
  org,
  rate,
  rolling,
  spend,
  windowOf,
} from '../ledger/contract/ledger-under-test.ts';
import { spawnSpender } from './spawn-spender.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const startedAtMs = Date.UTC(2026, 10, 20, 12);

test('a process that is killed loses at most its last second', async (t) => {
  const stateDir = temporaryDirectory(t);
  const spender = await spawnSpender(t, stateDir);
  await spender.spendFor(2500);
  const spendings = await spender.kill();
  const { atMs, spent } = spendings.at(-1) as { atMs: number; spent: number };
  const ledger = open(t, stateDir, Date.now);
  const { used, held } = await windowOf(ledger, 'day');
  const before = spendings.findLast((each) => each.atMs <= atMs - 1000);
  assert.ok(before !== undefined && before.spent > 100);
  assert.ok(used.tokens >= before.spent, `${used.tokens} of ${spent} tokens were kept`);
  assert.ok(used.tokens <= spent + 1);
  assert.ok(held.tokens === 7 || held.tokens === 8, 'the open hold, and perhaps the one under way');
  const due = await ledger.claimDue({ org, max: 10, claimMs: minuteMs });
  assert.ok(due.some(({ holdId }) => holdId === 'open'));
});

test('a close writes everything, and a restart finds it', async (t) => {
  const stateDir = temporaryDirectory(t);
  let nowMs = startedAtMs;
  const now = () => nowMs;
  const first = open(t, stateDir, now, 3_600_000);
  const lines = [budget(), budget({ budget: 'roll', window: rolling(hourMs) })];
  await spend(first, 30, { budgets: lines });
  const estimated = admission({ demand: costs(20), budgets: lines });
  granted(await first.admit(estimated));
  await first.settle({ org, holdId: estimated.holdId, charge: 'hold', estimated: true });
  const parts = {
    concurrencies: [concurrency()],
    rates: [rate({ burst: 1, perSecond: 0.001 })],
    leaseMs: hourMs,
  };
  const running = admission({ ...parts, demand: costs(5), budgets: lines });
  granted(await first.admit(running));
  const upstream = { id: 'resp_1', path: '/responses/resp_1' };
  await first.defer({ org, holdId: running.holdId, upstream, pollAfterMs: hourMs });
  const before = await first.windows(org);
  await first.close();

  nowMs += 10 * minuteMs;
  const second = open(t, stateDir, now);
  const after = await second.windows(org);
  assert.deepEqual(
    after.map(({ budget, used, held }) => [budget, used, held]),
    before.map(({ budget, used, held }) => [budget, used, held]),
  );
  assert.equal(denied(await second.admit(admission(parts))).by.list, 'concurrencies');
  assert.equal(denied(await second.admit(admission({ rates: parts.rates }))).by.list, 'rates');
});

test('holds lapse and are handed out after a restart, and deferred ones are found by their id', async (t) => {
  const stateDir = temporaryDirectory(t);
  let nowMs = startedAtMs;
  const now = () => nowMs;
  const first = open(t, stateDir, now);
  const [lapsing, deferred] = [admission({ budgets: [budget()] }), admission({ budgets: [budget()] })];
  for (const call of [lapsing, deferred]) granted(await first.admit(call));
  const upstream = { id: 'resp_1', path: '/responses/resp_1' };
  await first.defer({ org, holdId: deferred.holdId, upstream, pollAfterMs: hourMs });
  await first.close();

  const second = open(t, stateDir, now);
  const claim = { org, max: 10, claimMs: minuteMs };
  assert.deepEqual(await second.claimDue(claim), []);
  nowMs += 2 * minuteMs;
  const [due, ...more] = await second.claimDue(claim);
  assert.deepEqual([due?.holdId, due?.note, more], [lapsing.holdId, lapsing.note, []]);
  const charge = { tokens: 4, nanoUsd: 0 };
  const settled = await second.settleDeferred({ org, upstreamId: 'resp_1', charge, estimated: false });
  assert.equal(settled?.kind, 'settled');
  assert.equal(
    (await second.settle({ org, holdId: deferred.holdId, charge, estimated: false })).kind,
    'duplicate',
  );
  await second.close();

  const third = open(t, stateDir, now);
  const again = await third.settle({ org, holdId: deferred.holdId, charge, estimated: false });
  assert.deepEqual([again.kind, again.charged], ['duplicate', charge]);
});

test('a ledger that was closed says so', async (t) => {
  const ledger = open(t, temporaryDirectory(t), Date.now);
  await ledger.close();
  await ledger.close();
  await assert.rejects(ledger.windows(org), StoreUnavailable);
});

function open(t: TestContext, stateDir: string, now: () => number, writeEveryMs = 250): Ledger {
  const onError = (error: unknown) => assert.fail(String(error));
  const ledger = createEmbeddedLedger({ stateDir, now, onError, writeEveryMs });
  t.after(() => ledger.close());
  return ledger;
}
