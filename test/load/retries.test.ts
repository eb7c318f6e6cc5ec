import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type Figures, type Trial, tryFailingUpstream } from '../../bench/failing-upstream.ts';

/** Far shorter than `npm run bench:retries`, which has the figures in earnest. */
function trial(t: TestContext, more: Partial<Trial> = {}): Promise<Figures> {
  return tryFailingUpstream(t, {
    sdk: 7,
    calls: 180,
    callsAtOnce: 16,
    failShare: 0.3,
    config: 'retry: { baseMs: 5, maxMs: 50, budgetPercent: 100 }',
    ...more,
  });
}

test('behind a sidecar no generation is billed twice, and calls succeed about as often as they can', async (t) => {
  const figures = await trial(t);
  t.diagnostic(JSON.stringify(figures));
  assert.equal(figures.billedTwice, 0);
  // Nearly one in ten ends unclear, or is cut in its middle; nobody may send those again.
  assert.ok(figures.succeededShare > 0.8, `${figures.succeededShare}`);
  assert.ok(figures.timesTheLeast < 1.25, `${figures.timesTheLeast}`);
});

/** The SDK heeds the Retry-After of an open circuit, which is a second at least. */
const soon = 'retry: { baseMs: 5, maxMs: 50 }\ncircuit: { openMs: 1000 }';

test('the attempts of an SDK and those of a sidecar do not multiply during an outage', async (t) => {
  const figures = await trial(t, { calls: 18, failShare: 1, config: soon });
  t.diagnostic(JSON.stringify(figures));
  assert.equal(figures.succeededShare, 0);
  assert.ok(figures.upstreamCallsEach <= 3, `${figures.upstreamCallsEach} calls for each`);
});

test('without a sidecar the same upstream bills calls twice, so that the figures can be wrong', async (t) => {
  const figures = await trial(t, { config: undefined, failShare: 0.6 });
  t.diagnostic(JSON.stringify(figures));
  assert.ok(figures.billedTwice > 0);
});
