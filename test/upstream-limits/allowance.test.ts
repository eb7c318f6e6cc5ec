import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { UpstreamLimit } from '../../src/openai/rate-limit-headers.ts';
import { type Allowance, giveBack, seen, spend, waitMsOf } from '../../src/upstream-limits/allowance.ts';
import { type KindLimits, type Share, createKindLimits } from '../../src/upstream-limits/kind-limits.ts';

const count = fc.oneof(fc.nat(20), fc.constantFrom(0, 1, 60_000, 999_999_999_999_999));
const durationMs = fc.oneof(
  fc.nat(5000),
  fc.double({ min: 0, max: 1e17, noNaN: true }),
  fc.constantFrom(0, 1e-28, 8.64e16),
);
const limits: fc.Arbitrary<UpstreamLimit> = fc.record({
  limit: count,
  remaining: count,
  resetMs: durationMs,
});
const maxWaitsMs = fc.constantFrom(0, 1, 2000, 600_000);

/** Clocks that are said never to be set back are now and then. */
const stepsMs = fc.oneof(fc.nat(5000), fc.constantFrom(-3_600_000, 3_600_000, 0.001));

const steps = fc.oneof(
  fc.record({ kind: fc.constant('see' as const), limit: limits, ago: fc.nat(20) }),
  fc.record({ kind: fc.constant('take' as const), amount: count }),
  fc.record({ kind: fc.constant('giveBack' as const), ago: fc.nat(20) }),
  fc.record({ kind: fc.constant('wait' as const), ms: stepsMs }),
  fc.record({
    kind: fc.constant('hear' as const),
    limit: count,
    left: fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    perMs: fc.constantFrom(0, 1e-12, 0.5, 1e15),
    seenAgoMs: durationMs,
    taken: count,
    sinceUs: fc.constantFrom(1, 2),
  }),
  fc.record({ kind: fc.constant('lose' as const) }),
);

test('whatever comes, an allowance is a number within its limit, and no debt is waited for longer than allowed', () => {
  const property = fc.property(maxWaitsMs, fc.array(steps, { maxLength: 60 }), (maxWaitMs, script) => {
    let allowance: Allowance | undefined;
    let nowMs = 1000;
    for (const step of script) {
      if (step.kind === 'wait') nowMs += step.ms;
      if (step.kind === 'see') {
        const { limit } = step;
        allowance = seen(allowance, { limit, sentAtMs: nowMs - step.ago, takenSince: step.ago }, nowMs);
      }
      if (!allowance) continue;
      if (step.kind === 'take') {
        const { left } = allowance;
        allowance = spend(allowance, step.amount, nowMs, maxWaitMs);
        // What an answer says is taken as it is: only the debts that are made here are bounded.
        const isBounded = waitMsOf(allowance) <= maxWaitMs * (1 + 1e-9);
        assert.ok(isBounded || allowance.left >= left, JSON.stringify(allowance));
      }
      if (step.kind === 'giveBack') allowance = giveBack(allowance, step.ago);
      assertSound(allowance);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});

function assertSound(allowance: Allowance): void {
  const { left, limit, perMs } = allowance;
  const waitMs = waitMsOf(allowance);
  const text = JSON.stringify(allowance);
  assert.ok(Number.isFinite(left) && left <= limit, text);
  assert.ok(Number.isFinite(perMs) && perMs >= 0, text);
  assert.ok(Number.isFinite(waitMs) && waitMs >= 0, text);
}

test('whatever is seen, heard and lost, in any order, what is told is sound', () => {
  const property = fc.property(maxWaitsMs, fc.array(steps, { maxLength: 60 }), (maxWaitMs, script) => {
    const known: KindLimits = createKindLimits(maxWaitMs);
    const shares: Share[] = [known.take(1, 0).share];
    let nowMs = 1000;
    const shareOf = (ago: number) => shares[Math.max(0, shares.length - 1 - ago)]!;
    for (const step of script) {
      if (step.kind === 'wait') nowMs += step.ms;
      if (step.kind === 'see') known.see(step.limit, shareOf(step.ago), nowMs - step.ago, nowMs);
      if (step.kind === 'giveBack') known.giveBack(shareOf(step.ago));
      if (step.kind === 'take') {
        const { share, waitMs } = known.take(step.amount, nowMs);
        shares.push(share);
        assert.ok(Number.isFinite(waitMs) && waitMs >= 0);
        assert.ok(Number.isFinite(share.spent) && share.spent >= 0);
      }
      if (step.kind !== 'hear' && step.kind !== 'lose') continue;
      const told = known.tell(nowMs);
      for (const number of [told.taken, told.spent, ...Object.values(told.seen ?? {})]) {
        assert.ok(Number.isFinite(number), JSON.stringify(told));
      }
      assert.ok(!told.seen || told.seen.left <= told.seen.limit);
      assert.equal(known.hasNews(), false);
      if (step.kind === 'lose') known.lost(told);
      else {
        const { limit, perMs, seenAgoMs, taken, sinceUs } = step;
        const allowance = { limit, left: Math.min(step.left, limit), perMs, seenAgoMs };
        known.hear({ allowance, count: { taken, sinceUs } }, told, nowMs);
      }
    }
  });
  fc.assert(property, { numRuns: 2000 });
});
