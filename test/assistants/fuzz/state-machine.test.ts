import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';

import { walkTogether } from './walk-together.ts';

test('10,000 random operations leave what a simple model of the API says', async (t) => {
  const seeds = Array.from({ length: 6 }, () => randomInt(2 ** 31));
  t.diagnostic(`seeds ${seeds.join(' ')}`);
  assert.ok((await walkTogether(seeds, 10_000)) >= 10_000);
});
