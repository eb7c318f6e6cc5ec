import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import { createBurn } from '../../src/ledger/burn.ts';

const hourMs = 3_600_000;
const dayStartMs = Date.parse('2026-10-14T00:00:00Z');

function world(rolling = new Set(['week'])) {
  let nowMs = dayStartMs + 10 * hourMs;
  let used = 0;
  const burn = createBurn({ isRolling: (budget) => rolling.has(budget), now: () => nowMs });
  const charge = (tokens: number, budget = 'day', scope = 'team=search') => {
    const usedBefore = { tokens: used, nanoUsd: used * 1000 };
    used += tokens;
    const usedAfter = { tokens: used, nanoUsd: used * 1000 };
    burn.charged('acme', { budget, scope, startMs: dayStartMs, usedBefore, usedAfter });
  };
  const report = (more: Partial<BudgetReport> = {}): BudgetReport => ({
    name: 'day',
    org: 'acme',
    scope: 'team=search',
    unit: 'tokens',
    mode: 'enforce',
    limit: 10_000,
    used,
    held: 0,
    remaining: 10_000 - used,
    windowStart: new Date(dayStartMs).toISOString(),
    windowEnd: new Date(dayStartMs + 24 * hourMs).toISOString(),
    ...more,
  });
  return {
    burn,
    charge,
    report,
    pass: (ms: number) => void (nowMs += ms),
    now: () => nowMs,
    spend: (tokens: number) => void (used += tokens),
  };
}

test('what was used in the last quarter of an hour tells when a budget will be gone', () => {
  const { burn, charge, report, pass, now } = world();
  for (let minute = 0; minute < 60; minute += 1) {
    charge(minute < 40 ? 1 : 100);
    pass(60_000);
  }
  const { perHour, overSeconds, goneAtMs, history } = burn.forecast(report());
  assert.equal(overSeconds, 900);
  assert.equal(perHour, 5600);
  assert.equal(goneAtMs, Math.round(now() + ((10_000 - 2040) / 5600) * hourMs));
  assert.deepEqual(history.at(-1), { atMs: now(), used: 2040 });
});

test('a budget that lasts until its window ends is not gone', () => {
  const { burn, charge, report, pass } = world();
  charge(10);
  pass(10 * 60_000);
  charge(10);
  assert.equal(burn.forecast(report()).goneAtMs, undefined);
});

test('before this pod has seen anything the mean of the window stands for the rate', () => {
  const { burn, report, spend, now } = world();
  spend(5000);
  const { perHour, overSeconds, goneAtMs, history } = burn.forecast(report());
  assert.deepEqual([perHour, overSeconds], [500, 36_000]);
  assert.equal(goneAtMs, now() + 10 * hourMs);
  assert.equal(history.length, 1);
});

test('what other pods spend counts, as the store tells it', () => {
  const { burn, charge, report, pass, spend } = world();
  charge(0);
  pass(hourMs / 2);
  spend(1000);
  assert.equal(burn.forecast(report()).perHour, 2000);
});

test('a new window begins anew, and a charge of the last one that comes late is none of it', () => {
  const { burn, charge, report, pass } = world();
  charge(5000);
  pass(60_000);
  const next = dayStartMs + 24 * hourMs;
  const usedBefore = { tokens: 0, nanoUsd: 0 };
  const usedAfter = { tokens: 60, nanoUsd: 0 };
  const share = { budget: 'day', scope: 'team=search' };
  burn.charged('acme', { ...share, startMs: next, usedBefore, usedAfter });
  charge(9);
  pass(60_000);
  const window = {
    windowStart: new Date(next).toISOString(),
    windowEnd: new Date(next + hourMs).toISOString(),
  };
  const { history, perHour } = burn.forecast(report({ ...window, used: 60 }));
  assert.deepEqual(
    history.map(({ used }) => used),
    [0, 60, 60],
  );
  assert.equal(perHour, 3600);
});

test('a budget whose window is another one since is watched anew, and a charge of the former changes nothing', () => {
  const rolling = new Set<string>();
  const { burn, charge, report, pass } = world(rolling);
  charge(100);
  const monthStart = '2026-10-01T00:00:00Z';
  const ofMonth = () =>
    burn.forecast(report({ windowStart: new Date(monthStart).toISOString() })).history.length;
  const chargeOfMonth = (used: number) => {
    const amounts = { tokens: used, nanoUsd: 0 };
    const startMs = Date.parse(monthStart);
    const of = { budget: 'day', scope: 'team=search', startMs, usedBefore: amounts, usedAfter: amounts };
    burn.charged('acme', of);
  };
  chargeOfMonth(100);
  pass(60_000);
  chargeOfMonth(200);
  charge(100);
  assert.equal(ofMonth(), 4);
  rolling.add('day');
  charge(100);
  pass(60_000);
  charge(100);
  const { history, isRolling } = burn.forecast(report());
  assert.deepEqual([history.length, isRolling], [4, true]);
});

test('of a rolling window what frees up is taken off, and one in balance lasts', () => {
  const { burn, charge, report, pass, now, spend } = world();
  const window = {
    name: 'week',
    windowStart: new Date(now() - 7 * 24 * hourMs).toISOString(),
    windowEnd: new Date(now()).toISOString(),
  };
  assert.equal(burn.forecast(report({ ...window, used: 9000 })).goneAtMs, undefined);
  spend(1000);
  charge(100, 'week');
  pass(hourMs / 10);
  const falls = burn.forecast(report({ ...window, used: 990 }));
  assert.deepEqual([falls.perHour, falls.goneAtMs, falls.isRolling], [0, undefined, true]);
  assert.equal(
    burn.forecast(report({ ...window, used: 1990 })).goneAtMs,
    now() + Math.round((8010 / 9900) * hourMs),
  );
});

test('dollars are told in dollars', () => {
  const { burn, charge, report, pass } = world();
  charge(1_000_000);
  pass(hourMs / 10);
  assert.equal(burn.forecast(report({ unit: 'usd', used: 1, limit: 2 })).perHour, 10);
});

test('ten thousand scopes and a day of charges take bounded memory', () => {
  const { burn, charge, report, pass } = world();
  for (let index = 0; index < 10_000; index += 1) charge(1, 'day', `user=u${index}`);
  assert.equal(burn.forecast(report({ scope: 'user=u1' })).history.length, 1);
  for (let index = 0; index < 20_000; index += 1) {
    charge(1);
    pass(4000);
  }
  assert.ok(burn.forecast(report()).history.length <= 48);
});
