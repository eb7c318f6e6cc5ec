import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rollingSteps } from '../../../src/ledger/admission.ts';
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
  rolling,
  spend,
  usedTokens,
  windowOf,
} from './ledger-under-test.ts';

export function windowsContract(open: OpenLedger): void {
  test('a calendar window starts empty where the one before it ends', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, hourMs);
    const line = budget({ window: every(hourMs) });
    await spend(ledger, 100, { budgets: [line] });
    const { startMs, endMs } = await windowOf(ledger, 'day');
    assert.equal(startMs % hourMs, 0);
    assert.equal(endMs, startMs + hourMs);
    await under.advance(hourMs - minuteMs);
    denied(await ledger.admit(admission({ budgets: [line] })));
    await under.advance(minuteMs);
    const next = granted(await ledger.admit(admission({ demand: costs(100), budgets: [line] })));
    assert.equal(next.budgets[0]?.startMs, endMs);
    assert.equal(next.budgets[0].used.tokens, 0);
    assert.equal((await windowOf(ledger, 'day')).startMs, endMs, 'a window that ended is not shown');
  });

  test('the window of admission pays, though the call ends in the next one', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, hourMs);
    const line = budget({ window: every(hourMs) });
    const call = admission({ demand: costs(80), budgets: [line], leaseMs: 2 * hourMs });
    const { startMs } = granted(await ledger.admit(call)).budgets[0] as { startMs: number };
    await under.advance(hourMs);
    granted(await ledger.admit(admission({ demand: costs(100), budgets: [line] })));
    const charge = { tokens: 70, nanoUsd: 0 };
    const settled = await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assert.deepEqual(
      settled.budgets.map((each) => [each.startMs, each.usedBefore.tokens, each.usedAfter.tokens]),
      [[startMs, 0, 70]],
    );
    const state = await windowOf(ledger, 'day');
    assert.deepEqual([state.used.tokens, state.held.tokens], [0, 100]);
  });

  test('a store whose clock steps back returns to the window of before, and finds it as it was', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, hourMs);
    const line = budget({ window: every(hourMs) });
    await spend(ledger, 60, { budgets: [line] });
    await under.advance(hourMs);
    await spend(ledger, 100, { budgets: [line] });
    await under.advance(-hourMs);
    const shown = (await ledger.windows(org)).map((each) => each.used.tokens);
    assert.deepEqual(shown.sort(), [100, 60], 'neither window has ended');
    denied(await ledger.admit(admission({ demand: costs(41), budgets: [line] })));
    granted(await ledger.admit(admission({ demand: costs(40), budgets: [line] })));
  });

  test('a pod whose clock is three days off is put right by the store', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const line = budget({ window: every(hourMs) });
    for (const ms of [3 * dayMs, -3 * dayMs]) {
      await alignTo(under, hourMs);
      await under.advance(ms);
      const state = granted(await ledger.admit(admission({ budgets: [line] }))).budgets[0];
      assert.ok(state !== undefined && state.startMs <= ledger.nowMs() && ledger.nowMs() < state.endMs);
    }
  });

  test('windows of different kinds of one budget are apart', async (t) => {
    const { ledger } = await open(t);
    await spend(ledger, 100, { budgets: [budget({ window: every(7 * dayMs) })] });
    granted(await ledger.admit(admission({ demand: costs(100), budgets: [budget()] })));
    granted(
      await ledger.admit(admission({ demand: costs(100), budgets: [budget({ window: rolling(dayMs) })] })),
    );
    const codes = (await ledger.windows(org)).map((each) => each.windowCode);
    assert.deepEqual(codes.sort(), [`every:${7 * dayMs}`, `every:${dayMs}`, `rolling:${dayMs}`].sort());
  });

  test('an amount counts in a rolling window for its length, and at most a step longer', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const line = budget({ window: rolling(hourMs) });
    await alignTo(under, minuteMs);
    await spend(ledger, 100, { budgets: [line] });
    await under.advance(hourMs - 30_000);
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [line] })));
    await under.advance(30_000 + hourMs / rollingSteps);
    granted(await ledger.admit(admission({ demand: costs(100), budgets: [line] })));
  });

  test('a rolling window frees each amount when its own time is over', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const line = budget({ window: rolling(hourMs) });
    await alignTo(under, minuteMs);
    await spend(ledger, 40, { budgets: [line] });
    await under.advance(20 * minuteMs);
    await spend(ledger, 60, { budgets: [line] });
    await under.advance(41 * minuteMs);
    denied(await ledger.admit(admission({ demand: costs(41), budgets: [line] })));
    const state = granted(await ledger.admit(admission({ demand: costs(40), budgets: [line] }))).budgets[0];
    assert.equal(state?.used.tokens, 60);
    assertNearMs(state.endMs, ledger.nowMs());
    await under.advance(20 * minuteMs);
    assert.equal(await usedTokens(ledger), 0);
    assert.equal(await heldTokens(ledger), 40);
  });

  test('a charge in a rolling window counts from its admission', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const line = budget({ window: rolling(hourMs) });
    await alignTo(under, minuteMs);
    const call = admission({ demand: costs(100), budgets: [line], leaseMs: dayMs });
    granted(await ledger.admit(call));
    await under.advance(40 * minuteMs);
    const charge = { tokens: 90, nanoUsd: 0 };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assert.equal(await usedTokens(ledger), 90);
    await under.advance(21 * minuteMs);
    granted(await ledger.admit(admission({ demand: costs(100), budgets: [line] })));
  });

  test('a call that outlives its rolling window is charged nowhere, and leaves nothing held', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const line = budget({ window: rolling(hourMs) });
    const call = admission({ demand: costs(100), budgets: [line], leaseMs: dayMs });
    granted(await ledger.admit(call));
    await under.advance(62 * minuteMs);
    await spend(ledger, 10, { budgets: [line] });
    const charge = { tokens: 100, nanoUsd: 0 };
    assert.equal(
      (await ledger.settle({ org, holdId: call.holdId, charge, estimated: false })).kind,
      'settled',
    );
    assert.equal(await usedTokens(ledger), 10);
    assert.equal(await heldTokens(ledger), 0);
  });

  test('a rolling window forgets nothing when the clock steps back', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const line = budget({ window: rolling(hourMs) });
    await spend(ledger, 60, { budgets: [line] });
    await under.advance(-30 * minuteMs);
    denied(await ledger.admit(admission({ demand: costs(41), budgets: [line] })));
    await spend(ledger, 40, { budgets: [line] });
    await under.advance(30 * minuteMs);
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [line] })));
  });

  test('a reset empties what was used, and keeps what is held', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const lines = [
      budget(),
      budget({ budget: 'roll', window: rolling(hourMs) }),
      budget({ budget: 'other' }),
    ];
    await spend(ledger, 60, { budgets: lines });
    const call = admission({ demand: costs(30), budgets: lines });
    granted(await ledger.admit(call));
    assert.equal(await ledger.reset(org, 'day'), 1);
    assert.equal(await ledger.reset(org, 'roll'), 1);
    assert.equal(await ledger.reset(org, 'unknown'), 0);
    assert.equal(await ledger.reset('nobody', 'day'), 0);
    for (const [name, used] of [
      ['day', 0],
      ['roll', 0],
      ['other', 60],
    ] as const) {
      assert.equal(await usedTokens(ledger, name), used);
      assert.equal(await heldTokens(ledger, name), 30);
    }
    const charge = { tokens: 25, nanoUsd: 0 };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assert.equal(await usedTokens(ledger, 'day'), 25);
    assert.equal(await usedTokens(ledger, 'roll'), 25);
  });

  test('a reset with a scope empties that one alone, without one all of them', async (t) => {
    const { ledger } = await open(t);
    for (const scope of ['', 'team=a', 'team=b']) await spend(ledger, 60, { budgets: [budget({ scope })] });
    assert.equal(await ledger.reset(org, 'day', 'team=a'), 1);
    assert.equal(await usedTokens(ledger, 'day', 'team=a'), 0);
    assert.equal(await usedTokens(ledger, 'day', 'team=b'), 60);
    assert.equal(await ledger.reset(org, 'day', ''), 1);
    assert.equal(await usedTokens(ledger, 'day', 'team=b'), 60);
    assert.equal(await ledger.reset(org, 'day'), 3);
    assert.equal(await usedTokens(ledger, 'day', 'team=b'), 0);
  });

  test('a correction after a reset takes away no more than was used since', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: costs(80), budgets: [budget()] });
    granted(await ledger.admit(call));
    await ledger.settle({ org, holdId: call.holdId, charge: 'hold', estimated: true });
    await ledger.reset(org, 'day');
    const charge = { tokens: 30, nanoUsd: 0 };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assert.equal(await usedTokens(ledger), 0);
    granted(await ledger.admit(admission({ demand: costs(100), budgets: [budget()] })));
  });
}
