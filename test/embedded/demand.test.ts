import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { costOf, largestOutput } from '../../src/embedded/demand.ts';

test('the largest output that fits is found to the token, however its price is rounded', () => {
  const amount = fc.nat({ max: 3000 });
  const each = fc.nat({ max: 300 }).map((hundredths) => hundredths / 100);
  // 35 / 0.07 is a little less than 500, and 0.07 * 1100 a little more than 77.
  const roundedWrongly: [number, number, number, number, number][] = [
    [0, 35, 0.07, 0, 3000],
    [0, 77, 0.07, 0, 3000],
  ];
  const property = fc.property(
    amount,
    amount,
    each,
    each,
    fc.nat({ max: 300 }),
    (fixed, room, a, b, atMost) => {
      const demand = {
        fixed: { tokens: fixed, nanoUsd: fixed },
        perOutputToken: { tokens: a, nanoUsd: b },
        outputTokens: atMost,
        minOutputTokens: 0,
        usualOutputTokens: 0,
      };
      const fits = (output: number): boolean => {
        const cost = costOf(demand, output);
        return cost.tokens <= room && cost.nanoUsd <= room;
      };
      if (!fits(0)) return;
      let largest = 0;
      while (largest < atMost && fits(largest + 1)) largest += 1;
      assert.equal(largestOutput(demand, { tokens: room, nanoUsd: room }, atMost), largest);
    },
  );
  fc.assert(property, { numRuns: 1000, examples: roundedWrongly });
});
