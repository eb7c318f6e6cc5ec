import assert from 'node:assert/strict';
import { test } from 'node:test';

import { problemsOf } from './brown-out-verdict.ts';
import { type BrownOut, runBrownOut } from './brown-out.ts';

/** Shorter than `npm run chaos:brown-out`, with a bound on what is slow that a busy machine alone does not reach. */
const quick: BrownOut = {
  callers: 200,
  latencyMs: 3000,
  slowForMs: 6000,
  slowMs: 1500,
  windowMs: 2000,
  openMs: 1000,
  pauseMs: 250,
};

test('while an upstream is slow callers are refused at once, and the first good probe ends that', async (t) => {
  const figures = await runBrownOut(t, quick);
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(problemsOf(figures, quick), []);
});
