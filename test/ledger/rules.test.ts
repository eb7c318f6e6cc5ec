import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type BudgetRule, type LimitRule, createRules } from '../../src/ledger/rules.ts';
import type { Facts } from '../../src/ledger/scopes.ts';
import { someFacts } from './facts.ts';

const budget: BudgetRule = {
  name: 'team-day',
  per: [],
  match: {},
  limit: { tokens: 1000 },
  window: { every: 'day' },
  reserve: 'full',
  overshootPercent: 5,
  onTight: 'clamp',
  mode: 'enforce',
};

const limit: LimitRule = { name: 'calls', per: [], match: {}, waitUpToMs: 0 };

function rulesOf(
  budgets: readonly BudgetRule[],
  limits: readonly LimitRule[] = [],
  thresholdPercents: readonly number[] = [50, 80, 95],
) {
  return createRules({ budgets, limits, thresholdPercents });
}

test('a budget becomes a line with its scope, its limits in integers and its choices', () => {
  const learned: BudgetRule = {
    ...budget,
    name: 'user-week',
    per: ['user'],
    limit: { usd: 0.1 },
    window: { rolling: '7d' },
    reserve: 'learned',
    onTight: 'deny',
    mode: 'observe',
  };
  const [first, second] = rulesOf([budget, learned]).match(someFacts()).budgets;
  assert.equal(first?.window.code, 'day@UTC');
  assert.deepEqual(
    { ...first, window: undefined },
    {
      budget: 'team-day',
      scope: '',
      window: undefined,
      limit: { tokens: 1000, nanoUsd: undefined },
      enforced: true,
      clamps: true,
      overshootRatio: undefined,
    },
  );
  assert.deepEqual(second, {
    budget: 'user-week',
    scope: 'user=u1',
    window: { kind: 'rolling', code: 'rolling:604800000', lengthMs: 604_800_000 },
    limit: { tokens: undefined, nanoUsd: 100_000_000 },
    enforced: false,
    clamps: false,
    overshootRatio: 0.05,
  });
});

test('a window is made once, and shared by all calls', () => {
  const rules = rulesOf([budget]);
  assert.equal(rules.match(someFacts()).budgets[0]?.window, rules.match(someFacts()).budgets[0]?.window);
});

test('budgets can be told without a call', () => {
  const budgets = rulesOf([{ ...budget, mode: 'observe' }]).budgets();
  assert.deepEqual(budgets, [
    {
      name: 'team-day',
      per: budget.per,
      windowCode: 'day@UTC',
      limit: { tokens: 1000, nanoUsd: undefined },
      enforced: false,
    },
  ]);
});

test('limits become lines by kind, each in the order of the configuration', () => {
  const rules = rulesOf(
    [],
    [
      {
        ...limit,
        name: 'a',
        per: ['app'],
        requests: { rate: 90, per: 'minute', burst: 7 },
        waitUpToMs: 2000,
      },
      { ...limit, name: 'b', concurrency: 4, waitUpToMs: 30 },
      { ...limit, name: 'c', tokens: { rate: 20_000, per: 'second' } },
      { ...limit, name: 'd', requests: { rate: 0.5, per: 'day' } },
      { ...limit, name: 'e', requests: { rate: 7200, per: 'hour' } },
    ],
  );
  const { budgets, rates, concurrencies } = rules.match(someFacts());
  assert.deepEqual(budgets, []);
  assert.deepEqual(rates, [
    { limit: 'a', scope: 'app=crawler', unit: 'requests', perSecond: 1.5, burst: 7, waitUpToMs: 2000 },
    { limit: 'c', scope: '', unit: 'tokens', perSecond: 20_000, burst: 20_000, waitUpToMs: 0 },
    { limit: 'd', scope: '', unit: 'requests', perSecond: 0.5 / 86_400, burst: 1, waitUpToMs: 0 },
    { limit: 'e', scope: '', unit: 'requests', perSecond: 2, burst: 7200, waitUpToMs: 0 },
  ]);
  assert.deepEqual(concurrencies, [{ limit: 'b', scope: '', max: 4, waitUpToMs: 30 }]);
});

function matches(match: Readonly<Record<string, readonly string[]>>, facts: Facts): boolean {
  return rulesOf([{ ...budget, match }]).match(facts).budgets.length === 1;
}

for (const [match, model, expected] of [
  [{ model: ['gpt-5*'] }, 'gpt-5-mini', true],
  [{ model: ['gpt-5*'] }, 'gpt-5', true],
  [{ model: ['gpt-5*'] }, 'gpt-4o', false],
  [{ model: ['gpt-5*'] }, '', false],
  [{ model: ['gpt-5'] }, 'gpt-5-mini', false],
  [{ model: ['*mini'] }, 'gpt-5-mini', true],
  [{ model: ['*mini'] }, 'gpt-5-minimal', false],
  [{ model: ['*5*'] }, 'gpt-5-mini', true],
  [{ model: ['*5*'] }, 'gpt-4', false],
  [{ model: ['*'] }, '', true],
  [{ model: ['**'] }, 'x', true],
  [{ model: ['gpt.5'] }, 'gpt-5', false],
  [{ model: ['o3', 'gpt-*'] }, 'gpt-4', true],
  [{ model: ['gpt-*'], team: ['search'] }, 'gpt-4', true],
  [{ model: ['gpt-*'], team: ['sales'] }, 'gpt-4', false],
  [{ 'metadata.env': ['prod'] }, 'gpt-4', true],
  [{ 'metadata.env': ['dev'] }, 'gpt-4', false],
  [{}, 'gpt-4', true],
] as const) {
  test(`${JSON.stringify(match)} ${expected ? 'takes' : 'leaves'} a call of ${JSON.stringify(model)}`, () => {
    assert.equal(matches(match, someFacts({ model, metadata: { env: 'prod' } })), expected);
  });
}

test('a limit that matches other calls is no line of this one', () => {
  const other = { ...limit, match: { operation: ['embeddings.*'] }, concurrency: 1 };
  assert.deepEqual(rulesOf([], [other]).match(someFacts()).concurrencies, []);
});

function crossed(usedBefore: number, usedAfter: number, thresholdPercents?: readonly number[]): number[] {
  const rules = rulesOf([{ ...budget, limit: { tokens: 100 } }], [], thresholdPercents);
  const settled = { budget: 'team-day', scope: 'team=search', startMs: 0 };
  const used = (tokens: number) => ({ tokens, nanoUsd: 10 * tokens });
  return rules
    .crossings({ ...settled, usedBefore: used(usedBefore), usedAfter: used(usedAfter) })
    .map(({ scope, unit, percent, limit: whole }) => {
      assert.deepEqual([scope, unit, whole], ['team=search', 'tokens', 100]);
      return percent;
    });
}

test('a charge tells the thresholds that it crosses, and no other does', () => {
  assert.deepEqual(crossed(0, 49), []);
  assert.deepEqual(crossed(49, 50), [50]);
  assert.deepEqual(crossed(50, 79), []);
  assert.deepEqual(crossed(0, 120), [50, 80, 95]);
  assert.deepEqual(crossed(120, 130), []);
  assert.deepEqual(crossed(80, 40), []);
});

test('thresholds are exact where fractions are not, and told in ascending order', () => {
  assert.deepEqual(crossed(6, 7, [7]), [7]);
  assert.deepEqual(crossed(0, 100, [90, 7, 29]), [7, 29, 90]);
});

test('each unit has its crossings, and a budget that is no longer configured has none', () => {
  const rules = rulesOf([{ ...budget, limit: { tokens: 100, usd: 1 } }], [], [50]);
  const settled = {
    budget: 'team-day',
    scope: '',
    startMs: 0,
    usedBefore: { tokens: 0, nanoUsd: 0 },
    usedAfter: { tokens: 60, nanoUsd: 600_000_000 },
  };
  assert.deepEqual(
    rules.crossings(settled).map(({ unit }) => unit),
    ['tokens', 'nanoUsd'],
  );
  assert.deepEqual(rules.crossings({ ...settled, budget: 'gone' }), []);
});
