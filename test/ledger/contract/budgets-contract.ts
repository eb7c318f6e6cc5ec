import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { OpenLedger } from './ledger-under-test.ts';
import {
  admission,
  budget,
  concurrency,
  costs,
  denied,
  granted,
  heldTokens,
  org,
  putsOut,
  rate,
  spend,
  usedTokens,
  windowOf,
} from './ledger-under-test.ts';

/** As large as a limit may be configured. */
const maxTokens = 9_000_000_000_000_000;

export function budgetsContract(open: OpenLedger): void {
  test('a call is granted to the last token, and the next one denied', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: costs(100, 7), budgets: [budget()] });
    const decision = granted(await ledger.admit(call));
    assert.deepEqual(decision.held, { tokens: 100, nanoUsd: 7 });
    assert.deepEqual(decision.budgets[0]?.held, { tokens: 100, nanoUsd: 7 });
    assert.deepEqual(decision.budgets[0].used, { tokens: 0, nanoUsd: 0 });
    const denial = denied(await ledger.admit(admission({ demand: costs(1), budgets: [budget()] })));
    assert.deepEqual(denial.by, { list: 'budgets', index: 0, unit: 'tokens' });
    assert.deepEqual(denial.budgets[0]?.held, { tokens: 100, nanoUsd: 7 });
  });

  test('a pod sees what another one holds and has used', async (t) => {
    const { ledger, another } = await open(t);
    await spend(ledger, 60);
    const other = await another();
    const decision = granted(await other.admit(admission({ demand: costs(40), budgets: [budget()] })));
    assert.equal(decision.budgets[0]?.used.tokens, 60);
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [budget()] })));
  });

  test('a call that costs nothing is granted by a budget that is used up', async (t) => {
    const { ledger } = await open(t);
    await spend(ledger, 100);
    granted(await ledger.admit(admission({ demand: costs(0), budgets: [budget()] })));
  });

  test('money denies as tokens do, and whichever binds is named', async (t) => {
    const { ledger } = await open(t);
    const both = budget({ limit: { tokens: 100, nanoUsd: 500 } });
    granted(await ledger.admit(admission({ demand: costs(10, 500), budgets: [both] })));
    const denial = denied(await ledger.admit(admission({ demand: costs(10, 1), budgets: [both] })));
    assert.deepEqual(denial.by, { list: 'budgets', index: 0, unit: 'nanoUsd' });
  });

  test('a unit without a limit is counted and never denies', async (t) => {
    const { ledger } = await open(t);
    const unlimited = budget({ limit: { tokens: undefined, nanoUsd: undefined } });
    await spend(ledger, 5_000_000, { budgets: [unlimited] });
    await spend(ledger, 5_000_000, { budgets: [unlimited] });
    assert.equal(await usedTokens(ledger), 10_000_000);
  });

  test('a denial by the last budget holds nothing in those before it', async (t) => {
    const { ledger } = await open(t);
    const small = budget({ budget: 'small', limit: { tokens: 5, nanoUsd: undefined } });
    const requests = rate({ burst: 1 });
    const runs = concurrency();
    const call = { demand: costs(10), rates: [requests], concurrencies: [runs] };
    const denial = denied(await ledger.admit(admission({ ...call, budgets: [budget(), small] })));
    assert.deepEqual(denial.by, { list: 'budgets', index: 1, unit: 'tokens' });
    assert.equal(denial.budgets.length, 2);
    const rest = granted(await ledger.admit(admission({ ...call, budgets: [budget()] })));
    assert.equal(rest.budgets[0]?.held.tokens, 10);
  });

  test('a denial by a rate, or for lack of a place, holds nothing in budgets', async (t) => {
    const { ledger } = await open(t);
    const line = budget();
    const parts = { demand: costs(10), budgets: [line] };
    granted(await ledger.admit(admission({ ...parts, rates: [rate({ burst: 1 })] })));
    denied(await ledger.admit(admission({ ...parts, rates: [rate({ burst: 1 })] })));
    granted(await ledger.admit(admission({ ...parts, concurrencies: [concurrency()] })));
    denied(await ledger.admit(admission({ ...parts, concurrencies: [concurrency()] })));
    assert.equal(await heldTokens(ledger), 20);
  });

  test('budgets are looked at before concurrency, and concurrency before rates', async (t) => {
    const { ledger } = await open(t);
    const full = { rates: [rate({ burst: 1 })], concurrencies: [concurrency()] };
    granted(await ledger.admit(admission({ ...full, budgets: [budget()], demand: costs(100) })));
    const byAll = await ledger.admit(admission({ ...full, budgets: [budget()] }));
    assert.equal(denied(byAll).by.list, 'budgets');
    assert.equal(denied(await ledger.admit(admission(full))).by.list, 'concurrencies');
    assert.equal(denied(await ledger.admit(admission({ rates: full.rates }))).by.list, 'rates');
  });

  test('twenty budgets are held at once', async (t) => {
    const { ledger } = await open(t);
    const budgets = Array.from({ length: 20 }, (_, index) => budget({ budget: `b${index}` }));
    await spend(ledger, 30, { budgets });
    const states = await ledger.windows(org);
    assert.deepEqual(
      states.map((each) => each.used.tokens),
      Array(20).fill(30),
    );
  });

  test('observed budgets count, and neither deny nor clamp', async (t) => {
    const { ledger } = await open(t);
    const observed = budget({ enforced: false, clamps: true });
    const call = admission({ demand: putsOut(190, { minOutputTokens: 0 }), budgets: [observed] });
    assert.equal(granted(await ledger.admit(call)).outputTokens, 190);
    await spend(ledger, 300, { budgets: [observed] });
    const state = await windowOf(ledger, 'day');
    assert.equal(state.held.tokens, 200);
    assert.equal(state.used.tokens, 300);
  });

  test('near the limit, the output is lowered to what fits in every clamping budget and unit', async (t) => {
    const { ledger } = await open(t);
    const demand = putsOut(1000, { minOutputTokens: 1 });
    const tokens = budget({ clamps: true });
    const money = budget({ budget: 'money', clamps: true, limit: { tokens: undefined, nanoUsd: 111 } });
    const decision = granted(await ledger.admit(admission({ demand, budgets: [tokens, money] })));
    // 10 + 40 * 2.5 = 110, and one more token would be 112.5.
    assert.equal(decision.outputTokens, 40);
    assert.deepEqual(decision.held, { tokens: 50, nanoUsd: 110 });
    assert.equal(await heldTokens(ledger, 'money'), 50);
    const next = granted(await ledger.admit(admission({ demand, budgets: [tokens] })));
    assert.equal(next.outputTokens, 40);
  });

  test('amounts are rounded up once the output was multiplied in', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: putsOut(3), budgets: [budget()] });
    assert.deepEqual(granted(await ledger.admit(call)).held, { tokens: 13, nanoUsd: 18 });
  });

  test('an output is not lowered below its floor, nor by a budget that does not clamp', async (t) => {
    const { ledger } = await open(t);
    const clamping = budget({ clamps: true });
    const floor = admission({ demand: putsOut(1000, { minOutputTokens: 91 }), budgets: [clamping] });
    assert.deepEqual(denied(await ledger.admit(floor)).by, { list: 'budgets', index: 0, unit: 'tokens' });
    const plain = admission({ demand: putsOut(1000, { minOutputTokens: 1 }), budgets: [budget()] });
    denied(await ledger.admit(plain));
    const mixed = budget({ budget: 'mixed', limit: { tokens: 60, nanoUsd: undefined } });
    const lowered = admission({ demand: putsOut(60, { minOutputTokens: 1 }), budgets: [clamping, mixed] });
    assert.deepEqual(denied(await ledger.admit(lowered)).by, { list: 'budgets', index: 1, unit: 'tokens' });
  });

  test('an output that fits is not lowered', async (t) => {
    const { ledger } = await open(t);
    const demand = putsOut(90, { minOutputTokens: 1 });
    const call = admission({ demand, budgets: [budget({ clamps: true })] });
    assert.equal(granted(await ledger.admit(call)).outputTokens, 90);
  });

  test('a learned budget holds the usual output, and the largest stays within its bound', async (t) => {
    const { ledger } = await open(t);
    const learned = budget({ overshootRatio: 0.5 });
    const demand = putsOut(65, { usualOutputTokens: 20 });
    const first = granted(await ledger.admit(admission({ demand, budgets: [learned] })));
    assert.deepEqual(first.held, { tokens: 75, nanoUsd: 173 }, 'a hold is worth the largest output');
    assert.deepEqual(first.budgets[0]?.held, { tokens: 30, nanoUsd: 60 });
    granted(await ledger.admit(admission({ demand, budgets: [learned] })));
    // 150 of 150 may come at worst, although only 60 of 100 are usual.
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [learned] })));
    assert.equal(await heldTokens(ledger), 60);
  });

  test('a learned budget denies when what is usual does not fit its limit', async (t) => {
    const { ledger } = await open(t);
    const learned = budget({ overshootRatio: 9 });
    const demand = putsOut(50, { usualOutputTokens: 30 });
    granted(await ledger.admit(admission({ demand, budgets: [learned] })));
    granted(await ledger.admit(admission({ demand, budgets: [learned] })));
    denied(await ledger.admit(admission({ demand, budgets: [learned] })));
  });

  test('settled calls leave no worst case behind in a learned budget', async (t) => {
    const { ledger } = await open(t);
    const learned = budget({ overshootRatio: 0.5 });
    const call = admission({ demand: putsOut(140, { usualOutputTokens: 20 }), budgets: [learned] });
    granted(await ledger.admit(call));
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [learned] })));
    const charge = { tokens: 40, nanoUsd: 0 };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    const next = granted(await ledger.admit(admission({ demand: costs(60), budgets: [learned] })));
    assert.equal(next.budgets[0]?.used.tokens, 40);
  });

  test('a learned budget that clamps lowers the output to its bound', async (t) => {
    const { ledger } = await open(t);
    const demand = putsOut(1000, { minOutputTokens: 1, usualOutputTokens: 20 });
    const call = admission({ demand, budgets: [budget({ overshootRatio: 0.5, clamps: true })] });
    assert.equal(granted(await ledger.admit(call)).outputTokens, 140);
    assert.equal(await heldTokens(ledger), 30);
  });

  test('edits of a limit keep what was used and held', async (t) => {
    const { ledger } = await open(t);
    await spend(ledger, 60);
    granted(await ledger.admit(admission({ demand: costs(40), budgets: [budget()] })));
    const limit = { tokens: 150, nanoUsd: undefined };
    granted(await ledger.admit(admission({ demand: costs(50), budgets: [budget({ limit })] })));
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [budget({ limit })] })));
    const lowered = budget({ limit: { tokens: 10, nanoUsd: undefined } });
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [lowered] })));
    const learned = budget({ limit, overshootRatio: 0.2 });
    denied(await ledger.admit(admission({ demand: costs(1), budgets: [learned] })));
    assert.equal(await usedTokens(ledger), 60);
  });

  test('scopes, budgets, windows and organisations are apart', async (t) => {
    const { ledger } = await open(t);
    const search = budget({ scope: 'team=search' });
    await spend(ledger, 100, { budgets: [search] });
    denied(await ledger.admit(admission({ budgets: [search] })));
    granted(await ledger.admit(admission({ budgets: [budget({ scope: 'team=ads' })] })));
    granted(await ledger.admit(admission({ budgets: [budget()] })));
    granted(await ledger.admit(admission({ budgets: [budget({ ...search, budget: 'other' })] })));
    granted(await ledger.admit(admission({ org: 'globex', budgets: [search] })));
    assert.deepEqual(
      (await ledger.windows('globex')).map((each) => [each.budget, each.scope, each.held.tokens]),
      [['day', 'team=search', 10]],
    );
    assert.deepEqual(await ledger.windows('nobody'), []);
  });

  test('any character may stand in names and scopes', async (t) => {
    const { ledger } = await open(t);
    const names = [
      'a:b',
      'a',
      '{x}',
      'ü€😀',
      'a|b',
      ' ',
      '"',
      '\\',
      "'; drop table windows --",
      'a\nb',
      'a\0b',
    ];
    for (const name of names) {
      const line = budget({ budget: name, scope: `team=${name}` });
      const call = { budgets: [line], concurrencies: [concurrency({ limit: name, scope: name, max: 9 })] };
      const note = { operation: name, model: name };
      const odd = admission({ ...call, org: name, holdId: `hold ${name}`, note });
      granted(await ledger.admit(odd));
      const charge = { tokens: 3, nanoUsd: 0 };
      const settled = await ledger.settle({ org: name, holdId: odd.holdId, charge, estimated: false });
      assert.deepEqual(settled.note, note);
      const [state, ...more] = await ledger.windows(name);
      assert.deepEqual(more, []);
      assert.equal(state?.budget, name);
      assert.equal(state.scope, `team=${name}`);
      assert.equal(state.used.tokens, 3);
    }
    // Names that would be one if they were merely joined.
    granted(await ledger.admit(admission({ budgets: [budget({ budget: 'a:b', scope: 'c' })] })));
    granted(await ledger.admit(admission({ budgets: [budget({ budget: 'a', scope: 'b:c' })] })));
    assert.equal((await ledger.windows(org)).length, 2);
  });

  test('a scope may have 300 characters', async (t) => {
    const { ledger } = await open(t);
    const scopes = ['x'.repeat(300), `${'x'.repeat(299)}y`];
    for (const scope of scopes) await spend(ledger, 100, { budgets: [budget({ scope })] });
    assert.deepEqual((await ledger.windows(org)).map((each) => each.scope).sort(), scopes);
  });

  test('huge amounts are added up to the last token', async (t) => {
    const { ledger } = await open(t);
    const line = budget({ limit: { tokens: maxTokens, nanoUsd: maxTokens } });
    const most = maxTokens - 1;
    const call = admission({ demand: costs(most, most), budgets: [line] });
    granted(await ledger.admit(call));
    const charge = { tokens: most, nanoUsd: most };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    denied(await ledger.admit(admission({ demand: costs(2), budgets: [line] })));
    granted(await ledger.admit(admission({ demand: costs(1), budgets: [line] })));
    const state = await windowOf(ledger, 'day');
    assert.deepEqual([state.used.tokens, state.held.tokens], [most, 1]);
  });
}
