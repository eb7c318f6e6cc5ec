import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createFakeClock } from '../harness/fake-clock.ts';
import { type Answer, type PacedCall, pacedCalls } from './paced-calls.ts';

const text = fc.oneof(
  fc.nat(100).map(String),
  fc.constantFrom('-1', 'NaN', '1e9', '0.0001', '999999999999999', '1ms', '2s', '6m0s', '999999999d', ''),
);
const names = [
  ...['limit', 'remaining', 'reset'].flatMap((what) =>
    ['requests', 'tokens'].map((kind) => `x-ratelimit-${what}-${kind}`),
  ),
  'retry-after',
  'retry-after-ms',
];
const answers: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 429, 500),
  headers: fc.dictionary(fc.constantFrom(...names), fc.oneof(text, fc.array(text, { maxLength: 2 }))),
  tookMs: fc.nat(3000),
});
const steps = fc.record({ answer: answers, pauseMs: fc.nat(500) });

test('whatever an upstream says, no call waits longer than the longest wait', async () => {
  const maxWaitsMs = fc.constantFrom(0, 1, 2000);
  const property = fc.asyncProperty(
    maxWaitsMs,
    fc.array(steps, { maxLength: 30 }),
    async (maxWaitMs, script) => {
      const clock = createFakeClock();
      const call = pacedCalls(clock, { maxWaitMs });
      const calls: { call: PacedCall; startedAtMs: number }[] = [];
      for (const { answer, pauseMs } of script) {
        calls.push({ startedAtMs: clock.nowMs(), call: call(answer) });
        await clock.advance(pauseMs);
      }
      await clock.advance(maxWaitMs + 3000);
      for (const {
        call: { sentAtMs },
        startedAtMs,
      } of calls) {
        assert.ok(
          sentAtMs !== undefined && sentAtMs - startedAtMs <= maxWaitMs,
          `${sentAtMs} - ${startedAtMs}`,
        );
      }
    },
  );
  await fc.assert(property, { numRuns: 300 });
});
