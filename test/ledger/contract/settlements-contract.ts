import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { lateNewsMs, tombstoneMs } from '../../../src/ledger/settlement.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  admission,
  alignTo,
  assertNearMs,
  budget,
  costs,
  dayMs,
  denied,
  every,
  granted,
  heldTokens,
  hourMs,
  minuteMs,
  org,
  rate,
  rolling,
  spend,
  usedTokens,
  windowOf,
} from './ledger-under-test.ts';

const week = every(7 * dayMs);

export function settlementsContract(open: OpenLedger): void {
  test('a hold is charged once, whoever settles it and however often', async (t) => {
    const { ledger, another } = await open(t);
    const call = admission({ demand: costs(50, 500), budgets: [budget()] });
    granted(await ledger.admit(call));
    const charge = { tokens: 30, nanoUsd: 300 };
    const settlement = { org, holdId: call.holdId, charge, estimated: false };
    const [first, ...rest] = await Promise.all([
      ledger.settle(settlement),
      (await another()).settle(settlement),
      ledger.settle({ ...settlement, charge: 'hold', estimated: true }),
    ]);
    assert.equal(first?.kind, 'settled');
    assert.deepEqual(first.held, { tokens: 50, nanoUsd: 500 });
    assert.deepEqual(first.charged, charge);
    assert.deepEqual(first.overrun, { tokens: 0, nanoUsd: 0 });
    assert.deepEqual(first.note, call.note);
    for (const duplicate of rest) {
      assert.equal(duplicate.kind, 'duplicate');
      assert.deepEqual(duplicate.charged, charge);
      assert.deepEqual(duplicate.budgets, []);
    }
    const state = await windowOf(ledger, 'day');
    assert.deepEqual([state.used, state.held], [charge, { tokens: 0, nanoUsd: 0 }]);
  });

  test('what was used before and after a charge is told for every budget', async (t) => {
    const { ledger } = await open(t);
    const lines = [budget(), budget({ budget: 'roll', scope: 's', window: rolling(hourMs) })];
    await spend(ledger, 20, { budgets: [budget()] });
    const call = admission({ demand: costs(50), budgets: lines });
    granted(await ledger.admit(call));
    const charge = { tokens: 30, nanoUsd: 3 };
    const { budgets } = await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assert.deepEqual(
      budgets.map((each) => [each.budget, each.scope, each.usedBefore, each.usedAfter]),
      [
        ['day', '', { tokens: 20, nanoUsd: 0 }, { tokens: 50, nanoUsd: 3 }],
        ['roll', 's', { tokens: 0, nanoUsd: 0 }, { tokens: 30, nanoUsd: 3 }],
      ],
    );
  });

  test('a charge of the whole hold is the most that the call could cost', async (t) => {
    const { ledger } = await open(t);
    const demand = { ...costs(10, 10), perOutputToken: { tokens: 1, nanoUsd: 2 }, outputTokens: 60 };
    const learned = budget({ overshootRatio: 0.5 });
    const call = admission({
      demand: { ...demand, minOutputTokens: 60, usualOutputTokens: 20 },
      budgets: [learned],
    });
    granted(await ledger.admit(call));
    const settled = await ledger.settle({ org, holdId: call.holdId, charge: 'hold', estimated: true });
    assert.deepEqual(settled.charged, { tokens: 70, nanoUsd: 130 });
    assert.deepEqual(settled.overrun, { tokens: 0, nanoUsd: 0 });
    assert.equal(await usedTokens(ledger), 70);
    assert.equal(await heldTokens(ledger), 0);
  });

  test('what an upstream bills beyond a hold is charged, and told as an overrun', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: costs(50, 500), budgets: [budget()] });
    granted(await ledger.admit(call));
    const charge = { tokens: 130, nanoUsd: 400 };
    const settled = await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assert.deepEqual(settled.overrun, { tokens: 80, nanoUsd: 0 });
    assert.equal(await usedTokens(ledger), 130);
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [budget()] })));
  });

  test('an estimate is put right by what is exact, once, and never by another estimate', async (t) => {
    const { ledger } = await open(t);
    const tokens = rate({ unit: 'tokens', burst: 100, perSecond: 0.001 });
    const call = admission({ demand: costs(60), budgets: [budget()], rates: [tokens] });
    granted(await ledger.admit(call));
    const { holdId } = call;
    await ledger.settle({ org, holdId, charge: 'hold', estimated: true });
    const estimate = { tokens: 50, nanoUsd: 0 };
    const second = await ledger.settle({ org, holdId, charge: estimate, estimated: true });
    assert.equal(second.kind, 'duplicate');
    assert.equal(await usedTokens(ledger), 60);
    const exact = { tokens: 40, nanoUsd: 9 };
    const corrected = await ledger.settle({ org, holdId, charge: exact, estimated: false });
    assert.equal(corrected.kind, 'corrected');
    assert.deepEqual(corrected.charged, exact);
    assert.deepEqual(corrected.note, call.note);
    assert.deepEqual(
      corrected.budgets.map((each) => [each.usedBefore.tokens, each.usedAfter.tokens]),
      [[60, 40]],
    );
    const third = { tokens: 10, nanoUsd: 0 };
    assert.equal((await ledger.settle({ org, holdId, charge: third, estimated: false })).kind, 'duplicate');
    assert.equal(await usedTokens(ledger), 40);
    granted(await ledger.admit(admission({ demand: costs(60), rates: [tokens] })));
    denied(await ledger.admit(admission({ demand: costs(1), rates: [tokens] })));
  });

  test('an estimate is put right upwards, too', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: costs(60), budgets: [budget()] });
    granted(await ledger.admit(call));
    await ledger.settle({ org, holdId: call.holdId, charge: { tokens: 20, nanoUsd: 0 }, estimated: true });
    const charge = { tokens: 75, nanoUsd: 0 };
    const corrected = await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assert.deepEqual(corrected.overrun, { tokens: 15, nanoUsd: 0 });
    assert.equal(await usedTokens(ledger), 75);
  });

  test('an estimate is remembered for two days, other charges for ten minutes', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, 7 * dayMs);
    const line = budget({ window: week });
    const [estimated, exact] = [admission({ budgets: [line] }), admission({ budgets: [line] })];
    for (const call of [estimated, exact]) {
      granted(await ledger.admit(call));
      await ledger.settle({ org, holdId: call.holdId, charge: 'hold', estimated: call === estimated });
    }
    await under.advance(tombstoneMs - minuteMs);
    const settlement = { org, charge: { tokens: 4, nanoUsd: 0 }, estimated: false };
    const remembered = await ledger.settle({ ...settlement, holdId: exact.holdId });
    assert.deepEqual([remembered.kind, remembered.charged.tokens], ['duplicate', 10]);
    await under.advance(lateNewsMs - tombstoneMs);
    assert.equal((await ledger.settle({ ...settlement, holdId: estimated.holdId })).kind, 'corrected');
    assert.equal(await usedTokens(ledger), 14);
  });

  test('an unknown hold charges nothing', async (t) => {
    const { ledger } = await open(t);
    const settled = await ledger.settle({ org, holdId: randomUUID(), charge: 'hold', estimated: false });
    assert.equal(settled.kind, 'duplicate');
    assert.deepEqual(settled.charged, { tokens: 0, nanoUsd: 0 });
    assert.deepEqual(await ledger.windows(org), []);
  });

  test('an unrecorded hold is charged once, in the windows of its admission', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, hourMs);
    const tokens = rate({ unit: 'tokens', burst: 100, perSecond: 0.001 });
    const lines = [budget({ window: every(hourMs) }), budget({ budget: 'roll', window: rolling(hourMs) })];
    const admittedAtMs = ledger.nowMs();
    await under.advance(10 * minuteMs);
    const unrecorded = { budgets: lines, rates: [tokens], held: { tokens: 50, nanoUsd: 0 }, admittedAtMs };
    const charge = { tokens: 60, nanoUsd: 6 };
    const settlement = { org, holdId: randomUUID(), charge, estimated: false, unrecorded };
    const settled = await ledger.settle(settlement);
    assert.equal(settled.kind, 'recovered');
    assert.deepEqual(settled.charged, charge);
    assert.deepEqual(settled.overrun, { tokens: 10, nanoUsd: 6 });
    assert.deepEqual(
      settled.budgets.map((each) => [each.usedBefore.tokens, each.usedAfter.tokens]),
      [
        [0, 60],
        [0, 60],
      ],
    );
    assert.equal((await ledger.settle(settlement)).kind, 'duplicate');
    assert.equal(await usedTokens(ledger, 'day'), 60);
    assert.equal(await usedTokens(ledger, 'roll'), 60);
    granted(await ledger.admit(admission({ demand: costs(40), rates: [tokens] })));
    denied(await ledger.admit(admission({ demand: costs(1), rates: [tokens] })));
    await under.advance(51 * minuteMs);
    assert.deepEqual(
      (await ledger.windows(org)).filter((each) => each.used.tokens > 0),
      [],
    );
  });

  test('an unrecorded hold that no more is known of is charged whole', async (t) => {
    const { ledger } = await open(t);
    await ledger.windows(org);
    const held = { tokens: 50, nanoUsd: 5 };
    const unrecorded = { budgets: [budget()], rates: [], held, admittedAtMs: ledger.nowMs() };
    const settlement = { org, holdId: randomUUID(), estimated: true, unrecorded };
    const settled = await ledger.settle({ ...settlement, charge: 'hold' });
    assert.deepEqual([settled.kind, settled.charged], ['recovered', held]);
    const exact = { tokens: 20, nanoUsd: 0 };
    const corrected = await ledger.settle({ ...settlement, charge: exact, estimated: false });
    assert.equal(corrected.kind, 'corrected');
    assert.equal(await usedTokens(ledger), 20);
  });

  test('a hold that is recorded is settled as such, though its owner took it for unrecorded', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: costs(50), budgets: [budget()] });
    granted(await ledger.admit(call));
    const held = { tokens: 50, nanoUsd: 0 };
    const unrecorded = { budgets: call.budgets, rates: [], held, admittedAtMs: ledger.nowMs() };
    const settlement = { org, holdId: call.holdId, charge: held, estimated: false, unrecorded };
    assert.equal((await ledger.settle(settlement)).kind, 'settled');
    assert.equal((await ledger.settle(settlement)).kind, 'duplicate');
    assert.equal(await usedTokens(ledger), 50);
  });

  test('a hold whose lease has ended is handed out once, until its claim has ended too', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const call = admission({ demand: costs(50, 5), budgets: [budget()], leaseMs: hourMs });
    granted(await ledger.admit(call));
    const admittedAtMs = ledger.nowMs();
    const claim = { org, max: 10, claimMs: hourMs };
    await under.advance(hourMs - minuteMs);
    assert.deepEqual(await ledger.claimDue(claim), []);
    await under.advance(2 * minuteMs);
    assert.deepEqual(await ledger.claimDue({ ...claim, org: 'globex' }), []);
    const other = await under.another();
    const claims = await Promise.all([ledger.claimDue(claim), other.claimDue(claim)]);
    const [due, ...more] = claims.flat();
    assert.deepEqual(more, []);
    assert.equal(due?.holdId, call.holdId);
    assert.deepEqual([due.note, due.held, due.upstream], [call.note, { tokens: 50, nanoUsd: 5 }, undefined]);
    assertNearMs(due.admittedAtMs, admittedAtMs);
    assert.equal(await heldTokens(ledger), 50, 'nothing lapses before somebody settles it');
    await under.advance(hourMs + minuteMs);
    assert.deepEqual(
      (await other.claimDue(claim)).map((each) => each.holdId),
      [call.holdId],
    );
    await other.settle({ org, holdId: call.holdId, charge: 'hold', estimated: true });
    await under.advance(hourMs + minuteMs);
    assert.deepEqual(await ledger.claimDue(claim), []);
    assert.deepEqual([await usedTokens(ledger), await heldTokens(ledger)], [50, 0]);
  });

  test('no more holds are handed out than were asked for, the longest due first', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const calls = [admission({ leaseMs: 3000 }), admission({ leaseMs: 1000 }), admission({ leaseMs: 2000 })];
    for (const call of calls) granted(await ledger.admit({ ...call, budgets: [budget()] }));
    await under.advance(hourMs);
    const claim = { org, max: 2, claimMs: hourMs };
    const ids = calls.map((call) => call.holdId);
    assert.deepEqual(
      (await ledger.claimDue(claim)).map((each) => each.holdId),
      [ids[1], ids[2]],
    );
    assert.deepEqual(
      (await ledger.claimDue(claim)).map((each) => each.holdId),
      [ids[0]],
    );
  });

  test('a renewed hold is not handed out', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const call = admission({ budgets: [budget()], leaseMs: hourMs });
    granted(await ledger.admit(call));
    await under.advance(hourMs - minuteMs);
    await ledger.renew({ org, leaseMs: hourMs, holdIds: [randomUUID(), call.holdId] });
    await ledger.renew({ org, leaseMs: hourMs, holdIds: [] });
    await under.advance(hourMs - minuteMs);
    assert.deepEqual(await ledger.claimDue({ org, max: 10, claimMs: hourMs }), []);
    await under.advance(2 * minuteMs);
    assert.equal((await ledger.claimDue({ org, max: 10, claimMs: hourMs })).length, 1);
  });
}
