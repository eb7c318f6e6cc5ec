import assert from 'node:assert/strict';
import { test } from 'node:test';

import { problemsOf } from './brown-out-verdict.ts';
import { type BrownOut, runBrownOut } from './brown-out.ts';

/** A tenth of what `npm run chaos:brown-out` takes. */
const quick: BrownOut = {
  callers: 200,
  latencyMs: 1000,
  slowForMs: 4000,
  slowMs: 200,
  windowMs: 1000,
  openMs: 500,
  pauseMs: 250,
};

test('while an upstream is slow callers are refused at once, and the first good probe ends that', async (t) => {
  const figures = await runBrownOut(t, quick);
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(problemsOf(figures, quick), []);
});
