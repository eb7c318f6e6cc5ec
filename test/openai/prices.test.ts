import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtInPrices } from '../../src/openai/built-in-prices.ts';
import { createPriceTable } from '../../src/openai/prices.ts';

const fallback = { input: 77, output: 99 };

function priceOf(model: string, configured: Parameters<typeof createPriceTable>[0] = {}) {
  return createPriceTable(configured, fallback).priceOf(model);
}

test('an unknown model has the fallback price, and never none', () => {
  for (const model of ['llama-4', '', 'gpt-', '__proto__', 'ft:', 'ft:llama:acme::1', 'gpt-4o-mystery']) {
    assert.deepEqual(priceOf(model), { price: fallback, known: false }, model);
  }
});

test('a built-in price is found by name, by snapshot, and for what was tuned from it', () => {
  assert.deepEqual(priceOf('gpt-4o').price, { input: 2.5, output: 10, cachedInput: 1.25 });
  assert.deepEqual(priceOf('gpt-4o-2024-08-06'), priceOf('gpt-4o'));
  assert.deepEqual(priceOf('gpt-4-0613'), priceOf('gpt-4'));
  assert.equal(priceOf('gpt-4o-2024-05-13').price.input, 5);
  assert.equal(priceOf('gpt-4o-mini').price.input, 0.15);
  assert.equal(priceOf('ft:gpt-4o-2024-08-06:acme::1').price.input, 3.75);
  assert.deepEqual(priceOf('ft:gpt-5-2025-08-07:acme::1'), {
    price: { input: 2.5, output: 20, cachedInput: 0.25, cacheWrite: 2.5 },
    known: true,
  });
});

test('a configured price goes before a built-in one: an exact name, then the longest pattern', () => {
  const configured = {
    'gpt-4o': { input: 1, output: 2 },
    'gpt-*': { input: 3, output: 4 },
    'gpt-4.1*': { input: 5, output: 6 },
    'llama*': { input: 7, output: 8, cachedInput: 0.5 },
  };
  assert.deepEqual(priceOf('gpt-4o', configured).price, { input: 1, output: 2 });
  assert.deepEqual(priceOf('gpt-4.1-mini', configured).price, { input: 5, output: 6 });
  assert.deepEqual(priceOf('gpt-5', configured).price, { input: 3, output: 4 });
  assert.deepEqual(priceOf('llama-4', configured), {
    price: { input: 7, output: 8, cachedInput: 0.5 },
    known: true,
  });
  assert.equal(priceOf('mistral', configured).known, false);
});

test('a snapshot has the price that its model is configured with', () => {
  const configured = { 'gpt-4o': { input: 1, output: 2 }, 'own-model': { input: 3, output: 4 } };
  assert.equal(priceOf('gpt-4o-2024-08-06', configured).price.input, 1);
  assert.equal(priceOf('own-model-2026-01-01', configured).price.input, 3);
  assert.equal(priceOf('ft:own-model:acme::1', configured).price.input, 6);
  assert.equal(priceOf('ft:own-model:acme::1', { 'ft:own-model': { input: 5 } }).price.input, 5);
});

test('what is left out of a configured price is as built in, else as the fallback', () => {
  assert.deepEqual(priceOf('gpt-4o', { 'gpt-4o': { output: 9 } }).price, {
    input: 2.5,
    output: 9,
    cachedInput: 1.25,
  });
  // Its cached input costs what its input does, not half of OpenAI's price.
  assert.deepEqual(priceOf('gpt-5.4', { 'gpt-5.4': { input: 1 } }).price, { input: 1, output: 15 });
  assert.deepEqual(priceOf('own', { own: { input: 1, cachedInput: undefined } }).price, {
    input: 1,
    output: 99,
  });
});

test('built-in prices are plausible', () => {
  for (const [name, { input, output, cachedInput, longContext }] of builtInPrices) {
    const isFree = name.includes('moderation');
    assert.ok(isFree ? input === 0 : input > 0 && input <= 150, name);
    assert.ok(output >= input || output === 0, name);
    if (cachedInput !== undefined) assert.ok(cachedInput > 0 && cachedInput < input, name);
    if (longContext) assert.ok(longContext.input > input && longContext.output > output, name);
  }
});
