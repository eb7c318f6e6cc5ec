import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { costNanoUsd, maxNanoUsd, worstCase } from '../../src/openai/price-usage.ts';
import type { Price } from '../../src/openai/price.ts';
import { usageOf } from './observed.ts';

const price: Price = { input: 2.5, cachedInput: 1.25, cacheWrite: 3, output: 10 };
const none = { webSearch: 0, fileSearch: 0, codeInterpreter: 0 };

test('each kind of token has its price, and a reasoning token that of output', () => {
  assert.equal(costNanoUsd(price, usageOf(1000, 100)), 1000 * 2500 + 100 * 10_000);
  const detailed = usageOf(1000, 100, { cachedInputTokens: 400, cacheWriteTokens: 100, reasoningTokens: 90 });
  assert.equal(costNanoUsd(price, detailed), 500 * 2500 + 400 * 1250 + 100 * 3000 + 100 * 10_000);
});

test('without prices of their own, cached and written input cost as input does', () => {
  const usage = usageOf(1000, 0, { cachedInputTokens: 400, cacheWriteTokens: 100 });
  assert.equal(costNanoUsd({ input: 2, output: 1 }, usage), 2_000_000);
});

test('tokens in the total alone cost as output', () => {
  assert.equal(costNanoUsd(price, usageOf(10, 5, { totalTokens: 20 })), 10 * 2500 + 10 * 10_000);
});

test('a cost is exact and is rounded up once', () => {
  assert.equal(costNanoUsd({ input: 0.1, output: 0.2 }, usageOf(1, 1)), 300);
  assert.equal(costNanoUsd({ input: 0.1 + 0.2, output: 0 }, usageOf(1_000_000, 0)), 300_000_000);
  assert.equal(costNanoUsd({ input: 0.0001, output: 0 }, usageOf(10, 0)), 1);
  assert.equal(costNanoUsd({ input: 0.0001, output: 0.0001 }, usageOf(11, 0)), 2);
  assert.equal(costNanoUsd({ input: 0.0004, output: 0.0006 }, usageOf(1, 1)), 1);
  assert.equal(costNanoUsd({ input: 600, output: 0 }, usageOf(999_999_999, 0)), 599_999_999_400_000);
});

test('batch and flex cost half, priority double or what the model says', () => {
  const usage = usageOf(1000, 100);
  const standard = costNanoUsd(price, usage);
  assert.equal(costNanoUsd(price, usage, { isBatch: true }), standard / 2);
  assert.equal(costNanoUsd(price, usage, { serviceTier: 'flex' }), standard / 2);
  assert.equal(costNanoUsd(price, usage, { serviceTier: 'flex', isBatch: true }), standard / 2);
  assert.equal(costNanoUsd(price, usage, { serviceTier: 'priority' }), standard * 2);
  assert.equal(
    costNanoUsd({ ...price, priorityMultiple: 2.5 }, usage, { serviceTier: 'fast' }),
    standard * 2.5,
  );
  for (const serviceTier of ['default', 'auto', 'scale', undefined]) {
    assert.equal(costNanoUsd(price, usage, { serviceTier }), standard);
  }
});

test('calls of tools and the call itself cost besides, in every tier', () => {
  const toolCalls = { webSearch: 2, fileSearch: 3, codeInterpreter: 4 };
  const tools = 2 * 10_000_000 + 3 * 2_500_000 + 30_000_000;
  assert.equal(costNanoUsd(price, usageOf(0, 0), { toolCalls }), tools);
  assert.equal(costNanoUsd(price, usageOf(0, 0), { toolCalls, isBatch: true }), tools);
  assert.equal(costNanoUsd({ ...price, perRequest: 0.025 }, usageOf(0, 0), { toolCalls: none }), 25_000_000);
  const own = { ...price, webSearchCall: 1, fileSearchCall: 0, codeInterpreterSession: 0 };
  assert.equal(costNanoUsd(own, usageOf(0, 0), { toolCalls }), 2_000_000_000);
});

test('a long context makes the whole call dearer (LiteLLM #40002)', () => {
  const longContext = { aboveInputTokens: 272_000, input: 5, output: 22.5, cachedInput: 0.5 };
  const long: Price = { input: 2.5, cachedInput: 0.25, output: 15, longContext };
  assert.equal(costNanoUsd(long, usageOf(272_000, 1)), 272_000 * 2500 + 15_000);
  assert.equal(costNanoUsd(long, usageOf(272_001, 1)), 272_001 * 5000 + 22_500);
  assert.deepEqual(worstCase(long, 272_001), { fixedNanoUsd: 272_001 * 5000, perOutputTokenNanoUsd: 22_500 });
  assert.deepEqual(worstCase(long, 272_000), { fixedNanoUsd: 272_000 * 2500, perOutputTokenNanoUsd: 15_000 });
});

test('a bound discounts a batch, and nothing that may be served at the standard price', () => {
  const bound = (service: object) => worstCase(price, 1000, service).fixedNanoUsd;
  assert.equal(bound({}), 3_000_000);
  assert.equal(bound({ isBatch: true }), 1_500_000);
  assert.equal(bound({ serviceTier: 'flex' }), 3_000_000);
  assert.equal(bound({ serviceTier: 'auto' }), 3_000_000);
  assert.equal(bound({ serviceTier: 'priority' }), 6_000_000);
});

const usd = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }).map((millionths) => millionths / 1_000_000),
  fc.double({ min: 0, max: 700, noNaN: true }),
);
const rates = { input: usd, output: usd, cachedInput: usd, cacheWrite: usd };
const prices = fc.record(
  {
    ...rates,
    perRequest: usd,
    priorityMultiple: fc.double({ min: 1, max: 4, noNaN: true }),
    longContext: fc.record(
      { aboveInputTokens: fc.nat({ max: 2000 }), ...rates },
      { requiredKeys: ['aboveInputTokens', 'input', 'output'] },
    ),
  },
  { requiredKeys: ['input', 'output'] },
);

test('no call that stays within a bound costs more than it', () => {
  const count = fc.nat({ max: 5000 });
  const tiers = fc.constantFrom('default', 'flex', 'auto', 'priority', 'fast', undefined);
  fc.assert(
    fc.property(
      prices,
      count,
      count,
      count,
      count,
      count,
      tiers,
      fc.boolean(),
      (own, input, unused, output, cached, written, asked, isBatch) => {
        const { fixedNanoUsd, perOutputTokenNanoUsd } = worstCase(own, input + unused, {
          serviceTier: asked,
          isBatch,
          toolCalls: { ...none, webSearch: 2 },
        });
        const held = Math.ceil(fixedNanoUsd + perOutputTokenNanoUsd * output);
        const usage = usageOf(input, output, {
          cachedInputTokens: Math.min(cached, input),
          cacheWriteTokens: Math.min(written, input - Math.min(cached, input)),
        });
        for (const serviceTier of ['default', 'flex', asked]) {
          const service = { serviceTier: serviceTier === 'auto' ? 'default' : serviceTier, isBatch };
          for (const toolCalls of [none, { ...none, webSearch: 2 }]) {
            const cost = costNanoUsd(own, usage, { ...service, toolCalls });
            assert.ok(cost <= held, `${cost} > ${held}`);
          }
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('hostile usage costs a safe integer that is not negative', () => {
  const hostile = fc.oneof(
    fc.double(),
    fc.constantFrom(-1, 0.5, 1e300, -1e300, Number.NaN, Infinity, -Infinity, 2 ** 53, 1e10),
  );
  const usage = fc.record({
    inputTokens: hostile,
    cachedInputTokens: hostile,
    cacheWriteTokens: hostile,
    outputTokens: hostile,
    reasoningTokens: hostile,
    totalTokens: hostile,
  });
  fc.assert(
    fc.property(prices, usage, hostile, (own, value, calls) => {
      const toolCalls = { webSearch: calls, fileSearch: calls, codeInterpreter: calls };
      const cost = costNanoUsd(own, value, { toolCalls });
      assert.ok(Number.isSafeInteger(cost) && cost >= 0 && cost <= maxNanoUsd);
      const bound = worstCase(own, value.inputTokens, { toolCalls });
      assert.ok(Number.isSafeInteger(bound.fixedNanoUsd) && bound.fixedNanoUsd >= 0);
    }),
  );
});

test('more cached than there was input is no discount beyond the input', () => {
  const lying = usageOf(10, 0, { cachedInputTokens: 1_000_000, cacheWriteTokens: 1_000_000 });
  assert.equal(costNanoUsd(price, lying), 10 * 1250);
});
