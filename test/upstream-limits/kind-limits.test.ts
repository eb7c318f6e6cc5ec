import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type KindLimits, createKindLimits } from '../../src/upstream-limits/kind-limits.ts';
import type { CommonKind } from '../../src/upstream-limits/shared-allowances.ts';

/** One comes every 100 ms. */
const perMs = 0.01;

function common(left: number, taken: number, seenAgoMs = 0): CommonKind {
  return { allowance: { limit: 100, left, perMs, seenAgoMs }, count: { taken, sinceUs: 1 } };
}

function heardOf(kind: KindLimits, what: CommonKind, nowMs: number): void {
  kind.hear(what, kind.tell(nowMs), nowMs);
}

test('what others have left is spent, and then waited for', () => {
  const kind = createKindLimits(10_000);
  assert.equal(kind.take(1, 0).waitMs, 0);
  heardOf(kind, common(2, 1), 0);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => kind.take(1, 0).waitMs),
    [0, 0, 100, 200],
  );
});

test('what is taken while news is on its way is not forgotten', () => {
  const kind = createKindLimits(10_000);
  heardOf(kind, common(5, 0), 0);
  kind.take(1, 0);
  const told = kind.tell(0);
  assert.deepEqual([told.taken, told.spent], [1, 1]);
  kind.take(3, 0);
  kind.hear(common(1, 1), told, 0);
  assert.equal(kind.take(1, 0).waitMs, 300);
  assert.deepEqual([kind.tell(0).taken, kind.tell(0).taken], [4, 0]);
});

test('what is seen while news is on its way is newer than what is heard, and told next', () => {
  const kind = createKindLimits(10_000);
  const { share } = kind.take(1, 0);
  const told = kind.tell(0);
  kind.see({ limit: 100, remaining: 50, resetMs: 5000 }, share, 0, 100);
  kind.hear(common(0, 1), told, 100);
  assert.equal(kind.take(50, 100).waitMs, 0);
  assert.deepEqual(kind.tell(100).seen, { limit: 100, left: 1, perMs, seenAgoMs: 100 });
});

test('what others take is guessed until it is heard', () => {
  const kind = createKindLimits(100_000);
  heardOf(kind, common(0, 0), 0);
  // Others take ten in 100 ms, again and again.
  for (let nowMs = 100; nowMs <= 10_000; nowMs += 100) heardOf(kind, common(0, nowMs / 10), nowMs);
  const { share } = kind.take(1, 10_000);
  const waitMs = () => Math.round(kind.take(0, 10_050).waitMs);
  // One is taken here; ten are kept clear of, five were taken in 50 ms; half a one came in.
  assert.equal(waitMs(), 1550);
  kind.giveBack(share);
  assert.equal(waitMs(), 1450);
});

test('what nobody heard is seen again, and taken once', () => {
  const kind = createKindLimits(10_000);
  const { share } = kind.take(1, 0);
  kind.see({ limit: 100, remaining: 50, resetMs: 5000 }, share, 0, 0);
  const told = kind.tell(0);
  assert.equal(kind.hasNews(), false);
  kind.lost(told);
  assert.equal(kind.hasNews(), true);
  const again = kind.tell(0);
  assert.deepEqual([again.taken, again.seen], [0, told.seen]);
});

test('a burst is urgent news, and what is already waited for is not', () => {
  const kind = createKindLimits(10_000);
  heardOf(kind, common(8, 0), 0);
  const isUrgent = () => {
    kind.take(1, 0);
    return kind.isUrgent();
  };
  assert.deepEqual([isUrgent(), isUrgent()], [false, true]);
  heardOf(kind, common(0, 2), 0);
  assert.deepEqual([isUrgent(), isUrgent()], [false, false]);
});
