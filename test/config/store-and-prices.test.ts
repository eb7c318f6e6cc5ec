import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkConfig } from '../../src/config/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { problemsOf } from './problems-of.ts';

const env = { OPENAI_API_KEY: 'sk-1' };

function pathsOf(file: object): string[] {
  return problemsOf({ text: JSON.stringify(file), env }).map(({ path }) => path);
}

test('REDIS_URL names the Redis, unless the configuration does', () => {
  const fromUsual = { ...env, REDIS_URL: 'redis://a:6379' };
  assert.equal(loadConfig({ env: fromUsual }).store.redisUrl, 'redis://a:6379');
  const text = 'store: { redisUrl: "redis://b:6379" }';
  assert.equal(loadConfig({ text, env: fromUsual }).store.redisUrl, 'redis://b:6379');
});

for (const redisUrl of [
  'redis://localhost',
  'rediss://user:p%40ss@redis.example:6380/1',
  'redis+sentinel://a:26379,b:26379/main/0',
  'rediss+sentinel://:p@a/main',
  'redis+cluster://a:6379,b:6379',
  'rediss+cluster://a',
]) {
  test(`store.redisUrl ${redisUrl} is accepted, and shown by no report`, () => {
    const { valid, report } = checkConfig({ text: JSON.stringify({ store: { redisUrl } }), env });
    assert.equal(valid, true);
    assert.ok(!report.includes(redisUrl));
  });
}

for (const redisUrl of ['localhost:6379', 'http://a', 'redis:/a', 'redis://', 'redis:///0', 'redis://a b']) {
  test(`store.redisUrl ${redisUrl} is refused`, () => {
    assert.deepEqual(pathsOf({ store: { redisUrl } }), ['store.redisUrl']);
  });
}

test('a store needs a folder, a prefix without braces, and a lease that outlives its timeouts', () => {
  assert.deepEqual(pathsOf({ store: { stateDir: '' } }), ['store.stateDir']);
  assert.deepEqual(pathsOf({ store: { keyPrefix: '{a}' } }), ['store.keyPrefix']);
  assert.deepEqual(pathsOf({ store: { leaseMs: 999 } }), ['store.leaseMs']);
  assert.deepEqual(pathsOf({ store: { leaseMs: 2000, timeoutMs: 1001 } }), ['store.timeoutMs']);
  assert.deepEqual(pathsOf({ store: { leaseMs: 2000, timeoutMs: 1000 } }), []);
});

test('prices go by model or by the beginning of its name', () => {
  const prices = {
    'gpt-4.1*': { input: 2, output: 8, cachedInput: 0.5 },
    'my-model': { input: 0, output: 0, perRequest: 0.01 },
    'gpt-5.4': { input: 1, longContext: { aboveInputTokens: 272_000, input: 2, output: 9 } },
  };
  const { models } = loadConfig({ text: JSON.stringify({ models: { prices } }), env });
  assert.deepEqual(models, { prices, fallbackPrice: { input: 10, output: 40 } });
});

test('a price that is negative or unknown is refused with the model that it is for', () => {
  const prices = { 'gpt-4.1*': { input: -1 }, 'gpt-5': { outputs: 3, longContext: { input: 1, output: 2 } } };
  assert.deepEqual(pathsOf({ models: { prices } }), [
    'models.prices.gpt-4.1*.input',
    'models.prices.gpt-5.longContext.aboveInputTokens',
    'models.prices.gpt-5.outputs',
  ]);
  assert.deepEqual(pathsOf({ models: { prices: { 'gpt-*-mini': {} } } }), ['models.prices']);
});

test('a fallback price of zero is refused where a budget is in USD', () => {
  const models = { fallbackPrice: { input: 0, output: 0 } };
  const budgetOf = (limit: object) => [{ name: 'b', limit, window: { every: 'day' } }];
  assert.deepEqual(pathsOf({ models, budgets: budgetOf({ tokens: 5 }) }), []);
  assert.deepEqual(pathsOf({ models, budgets: budgetOf({ usd: 5 }) }), [
    'models.fallbackPrice.input',
    'models.fallbackPrice.output',
  ]);
  assert.deepEqual(pathsOf({ models: { fallbackPrice: { output: -1 } } }), ['models.fallbackPrice.output']);
});

test("the webhook's URL is checked, and is a secret", () => {
  const url = 'https://hooks.example/T0/secret';
  const { valid, report } = checkConfig({ text: JSON.stringify({ webhook: { url } }), env });
  assert.deepEqual([valid, report.includes('T0')], [true, false]);
  assert.deepEqual(pathsOf({ webhook: { url: 'hooks.example' } }), ['webhook.url']);
});
