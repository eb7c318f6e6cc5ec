import fc from 'fast-check';

import type { BudgetLine, Demand } from '../../../src/ledger/admission.ts';
import { budget, every, hourMs, minuteMs, rolling } from './ledger-under-test.ts';

/** `pick` chooses among the calls that were granted so far, whatever has become of them. */
export type Operation =
  | {
      readonly kind: 'admit';
      readonly lines: readonly number[];
      readonly demand: Demand;
      readonly leaseMinutes: number;
    }
  | { readonly kind: 'renew'; readonly pick: number; readonly leaseMinutes: number }
  /** `share` of the hold; more than one is an overrun. */
  | { readonly kind: 'settle'; readonly pick: number; readonly share: number }
  | { readonly kind: 'estimate'; readonly pick: number }
  | { readonly kind: 'defer'; readonly pick: number; readonly pollAfterMinutes: number }
  | { readonly kind: 'settleDeferred'; readonly pick: number; readonly share: number }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'step'; readonly minutes: number };

/** Every boundary lies on a whole minute, so that real time, which passes too, crosses none. */
export const budgetLines: readonly BudgetLine[] = [
  budget({ budget: 'full', window: every(10 * minuteMs), limit: { tokens: 100, nanoUsd: 260 } }),
  budget({
    budget: 'learned',
    window: every(20 * minuteMs),
    limit: { tokens: 150, nanoUsd: undefined },
    overshootRatio: 0.25,
    clamps: true,
  }),
  budget({ budget: 'observed', window: every(hourMs), limit: { tokens: 10, nanoUsd: 10 }, enforced: false }),
  budget({ budget: 'full', scope: 'user=u1', window: every(10 * minuteMs), clamps: true }),
  budget({
    budget: 'roll',
    window: rolling(hourMs),
    limit: { tokens: 300, nanoUsd: 500 },
    clamps: true,
  }),
  budget({
    budget: 'learned-roll',
    window: rolling(hourMs),
    limit: { tokens: undefined, nanoUsd: 400 },
    overshootRatio: 0.5,
  }),
];

const pick = fc.nat({ max: 1000 });
const share = fc.constantFrom(0, 0.3, 0.7, 1, 1, 1.2);
const leaseMinutes = fc.integer({ min: 1, max: 5 });

const demand: fc.Arbitrary<Demand> = fc
  .record({
    fixed: fc.record({ tokens: fc.nat({ max: 15 }), nanoUsd: fc.nat({ max: 15 }) }),
    perOutputToken: fc.record({
      tokens: fc.constantFrom(1, 2),
      nanoUsd: fc.constantFrom(0, 0.4, 1, 2.5),
    }),
    outputTokens: fc.nat({ max: 60 }),
    least: fc.nat({ max: 60 }),
    usual: fc.nat({ max: 60 }),
  })
  .map(({ least, usual, ...rest }) => ({
    ...rest,
    minOutputTokens: Math.min(least, rest.outputTokens),
    usualOutputTokens: Math.min(usual, rest.outputTokens),
  }));

export const anOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('admit'),
      lines: fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 }),
      demand,
      leaseMinutes,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('renew'), pick, leaseMinutes }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle'), pick, share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('estimate'), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('defer'),
      pick,
      pollAfterMinutes: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settleDeferred'), pick, share }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('sweep') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('step'),
      minutes: fc.constantFrom(1, 1, 2, 3, 5, 9, 25, 61, -1, -2, -4),
    }),
  },
);
