import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BudgetLine, BudgetState } from '../../src/ledger/admission.ts';
import { limitHeaders } from '../../src/ledger/limit-headers.ts';

const hourMs = 3_600_000;

function line(budget: string, more: Partial<BudgetLine> = {}): BudgetLine {
  return {
    budget,
    scope: '',
    window: { kind: 'calendar', code: 'hour@UTC', around: () => [-hourMs, 0, hourMs, 2 * hourMs] },
    limit: { tokens: 1000, nanoUsd: undefined },
    enforced: true,
    clamps: false,
    overshootRatio: undefined,
    ...more,
  };
}

const state: BudgetState = {
  startMs: 0,
  endMs: hourMs,
  used: { tokens: 200, nanoUsd: 1_500_000_000 },
  held: { tokens: 100, nanoUsd: 500_000_000 },
};

test('what is left counts out what running calls hold, and resets when the window ends', () => {
  const headers = limitHeaders([line('team-hour')], [state], hourMs / 2);
  assert.deepEqual(headers, {
    'ratelimit-policy': '"team-hour";q=1000;w=3600;qu="tokens"',
    ratelimit: '"team-hour";r=700;t=1800',
  });
});

test('money is told in whole cents, rounded down, and a rolling window has no moment of reset', () => {
  const rolling = line('user-week', {
    limit: { tokens: undefined, nanoUsd: 5_000_000_000 },
    window: { kind: 'rolling', code: 'rolling:60000', lengthMs: 60_000 },
  });
  assert.deepEqual(limitHeaders([rolling], [state], 0), {
    'ratelimit-policy': '"user-week-usd-cents";q=500;w=60;qu="usd-cents"',
    ratelimit: '"user-week-usd-cents";r=300',
  });
});

test('nothing left is zero, however far a budget was overrun', () => {
  const overrun = { ...state, used: { tokens: 5000, nanoUsd: 0 } };
  assert.match(limitHeaders([line('b')], [overrun], 0)['ratelimit']!, /r=0;/);
});

test('budgets that only observe are not told, and a caller with very many is told of some', () => {
  assert.deepEqual(limitHeaders([line('shadow', { enforced: false })], [state], 0), {});
  const many = Array.from({ length: 50 }, (_, index) => line(`b${index}`));
  const told = limitHeaders(
    many,
    many.map(() => state),
    0,
  )['ratelimit']!.split(', ');
  assert.ok(told.length >= 5 && told.length <= 10);
});
