import assert from 'node:assert/strict';
import { test } from 'node:test';

import { normalizeUsage } from '../../src/openai/normalize-usage.ts';
import type { Usage } from '../../src/openai/usage.ts';
import { usageOf } from './observed.ts';

const hostile: readonly (readonly [title: string, usage: string, expected: Usage | undefined])[] = [
  ['a negative count', '{"prompt_tokens":-1,"completion_tokens":2}', undefined],
  ['a fraction', '{"prompt_tokens":1.5,"completion_tokens":2}', undefined],
  ['a string', '{"prompt_tokens":"1","completion_tokens":2}', undefined],
  ['more than 2^53', '{"prompt_tokens":9007199254740993,"completion_tokens":2}', undefined],
  ['more than any call can use', '{"prompt_tokens":10000000001,"completion_tokens":2}', undefined],
  ['a sum of more than any call can use', '{"prompt_tokens":9999999999,"completion_tokens":2}', undefined],
  ['a total of more than any call can use', '{"prompt_tokens":1,"total_tokens":10000000001}', undefined],
  [
    'as much as a call can use',
    '{"prompt_tokens":9999999998,"completion_tokens":2}',
    usageOf(9_999_999_998, 2),
  ],
  ['an infinite count', '{"prompt_tokens":1e999,"completion_tokens":2}', undefined],
  ['a bad output', '{"prompt_tokens":1,"completion_tokens":{}}', undefined],
  ['a bad total', '{"prompt_tokens":1,"completion_tokens":2,"total_tokens":-3}', undefined],
  ['a total alone', '{"total_tokens":3}', undefined],
  ['a list', '[1,2]', undefined],
  ['a number', '3', undefined],
  ['nothing', '{}', undefined],
  ['no total', '{"prompt_tokens":1,"completion_tokens":2}', usageOf(1, 2)],
  ['a null total', '{"prompt_tokens":1,"completion_tokens":2,"total_tokens":null}', usageOf(1, 2)],
  ['a total below the sum', '{"prompt_tokens":1,"completion_tokens":2,"total_tokens":1}', usageOf(1, 2)],
  [
    'a total above the sum',
    '{"prompt_tokens":1,"completion_tokens":2,"total_tokens":9}',
    usageOf(1, 2, { totalTokens: 9 }),
  ],
  ['null details', '{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":null}', usageOf(1, 2)],
  [
    'a bad detail',
    '{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":-1}}',
    usageOf(1, 2),
  ],
  [
    'more cached than input',
    '{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":2}}',
    usageOf(1, 2),
  ],
  [
    'more cached and written than input',
    '{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":2}}',
    usageOf(3, 2, { cachedInputTokens: 2 }),
  ],
  [
    'more reasoning than output',
    '{"prompt_tokens":1,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":3}}',
    usageOf(1, 2),
  ],
  ['zeros', '{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}', usageOf(0, 0)],
];

for (const [title, usage, expected] of hostile) {
  test(`usage with ${title} is ${expected ? 'read' : 'ignored'}`, () => {
    assert.deepEqual(normalizeUsage(JSON.parse(usage)), expected);
  });
}
