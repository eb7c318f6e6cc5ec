import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallerLeft, ProxyError } from '../../src/errors.ts';
import type { Outcome } from '../../src/exchange.ts';
import { type CallEnd, type Priced, chargeOf } from '../../src/ledger/charge.ts';

const held = { tokens: 1000, nanoUsd: 9000 };
const nothing = { tokens: 0, nanoUsd: 0 };
const priced: Priced = {
  held,
  inputTokens: 100,
  mayThinkUnseen: false,
  cost: ({ totalTokens }) => ({ tokens: totalTokens, nanoUsd: totalTokens * 2 }),
  costOf: ({ input, output }) => ({ tokens: input + output, nanoUsd: input + output * 3 }),
};
const usage = {
  inputTokens: 30,
  outputTokens: 12,
  totalTokens: 42,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const seenOutput = { outputTokens: 50, durationMs: 1000 };

function ended(outcome: Partial<Outcome>, more: { status?: number; seen?: typeof seenOutput } = {}): CallEnd {
  return {
    status: more.status ?? 200,
    outcome: { ending: 'complete', bodyBytes: 1, ...outcome },
    seenOutput: more.seen,
  };
}

test('what the upstream told is charged exactly, however the call ended', () => {
  for (const ending of ['complete', 'aborted', 'cut'] as const) {
    const charge = chargeOf(priced, ended({ ending, usage }));
    assert.deepEqual(charge, { charge: { tokens: 42, nanoUsd: 84 }, estimated: false });
  }
});

test('a call that never ran costs nothing, and one that may have run costs its hold', () => {
  const never = { error: new ProxyError('upstream_unreachable') };
  assert.deepEqual(chargeOf(priced, never), { charge: nothing, estimated: false });
  assert.deepEqual(chargeOf(priced, { error: new CallerLeft() }), { charge: nothing, estimated: false });
  const whole = { charge: 'hold', estimated: true };
  const lost = new ProxyError('upstream_unreachable', { mayHaveRun: true });
  assert.deepEqual(chargeOf(priced, { error: lost }), whole);
  assert.deepEqual(chargeOf(priced, { error: new CallerLeft(true) }), whole);
  assert.deepEqual(chargeOf(priced, { error: new Error('a fault of ours') }), whole);
});

test('an error costs nothing, unless the call may have run in spite of it', () => {
  for (const status of [400, 401, 404, 429, 500, 502, 503]) {
    assert.deepEqual(chargeOf(priced, ended({}, { status })), { charge: nothing, estimated: false });
  }
  for (const status of [408, 500, 502, 503, 504, 524]) {
    assert.deepEqual(chargeOf(priced, ended({ mayHaveRun: true }, { status })).charge, 'hold');
  }
});

test('a stream that broke off costs its input, the output seen, and what may have been on its way', () => {
  const { charge, estimated } = chargeOf(priced, ended({ ending: 'aborted' }, { seen: seenOutput }));
  // 50 tokens in a second are 5 in 100 ms; the allowance is 16 at least.
  assert.deepEqual(charge, { tokens: 166, nanoUsd: 100 + 66 * 3 });
  assert.equal(estimated, true);
  const fast = { outputTokens: 500, durationMs: 1000 };
  const quick = chargeOf(priced, ended({ ending: 'cut' }, { seen: fast }));
  assert.deepEqual(quick.charge, { tokens: 100 + 550, nanoUsd: 100 + 550 * 3 });
});

test('a whole stream without usage costs what was seen', () => {
  const { charge } = chargeOf(priced, ended({ ending: 'complete' }, { seen: seenOutput }));
  assert.deepEqual(charge, { tokens: 150, nanoUsd: 250 });
});

test('an estimate never exceeds the hold', () => {
  const much = { outputTokens: 100_000, durationMs: 1000 };
  const { charge } = chargeOf(priced, ended({ ending: 'aborted' }, { seen: much }));
  assert.deepEqual(charge, held);
});

test('where thinking may have gone unseen, or nothing could be seen, the hold is charged', () => {
  const thinking = { ...priced, mayThinkUnseen: true };
  assert.equal(chargeOf(thinking, ended({ ending: 'aborted' }, { seen: seenOutput })).charge, 'hold');
  assert.equal(chargeOf(priced, ended({ ending: 'complete' })).charge, 'hold');
});
