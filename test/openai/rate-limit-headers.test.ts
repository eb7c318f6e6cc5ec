import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { readDurationMs, readUpstreamLimit } from '../../src/openai/rate-limit-headers.ts';

test('durations are read in the units that upstreams write', () => {
  const durations: Record<string, number> = {
    '12ms': 12,
    '1s': 1000,
    '6m0s': 360_000,
    '1h2m3.5s': 3_723_500,
    '1d': 86_400_000,
    '7.66s': 7660,
    '20': 20_000,
    '0s': 0,
    '1m': 60_000,
    '1s500ms': 1500,
  };
  for (const [text, expectedMs] of Object.entries(durations)) assert.equal(readDurationMs(text), expectedMs);
});

test('what is no duration is none', () => {
  for (const text of [
    '',
    's',
    '-1s',
    '1y',
    '1s1m',
    'Infinity',
    '1e9',
    '9'.repeat(40),
    undefined,
    ['1s', '2s'],
  ]) {
    assert.equal(readDurationMs(text), undefined);
  }
});

test('no text makes the reader throw or answer anything but a finite number', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.dhms]{0,20}$/)), (text) => {
      const read = readDurationMs(text);
      assert.ok(read === undefined || (Number.isFinite(read) && read >= 0));
    }),
  );
});

test('a limit is known only if all of it is told', () => {
  const headers = {
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '250',
    'x-ratelimit-reset-tokens': '6m0s',
  };
  assert.deepEqual(readUpstreamLimit(headers, 'tokens'), { limit: 1000, remaining: 250, resetMs: 360_000 });
  assert.equal(readUpstreamLimit(headers, 'requests'), undefined);
  assert.equal(readUpstreamLimit({ ...headers, 'x-ratelimit-remaining-tokens': '-1' }, 'tokens'), undefined);
});
