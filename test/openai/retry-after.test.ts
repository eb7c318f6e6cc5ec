import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readRetryAfterMs } from '../../src/openai/retry-after.ts';

const nowMs = Date.parse('2026-11-06T08:49:37Z');
const hourMs = 3_600_000;

test('what an answer asks to wait is read in the unit of its header', () => {
  const rows: [headers: Record<string, string | string[]>, expectedMs: number | undefined][] = [
    [{}, undefined],
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after-ms': '0.25' }, 0.25],
    [{ 'retry-after-ms': ' 20 ' }, 20],
    [{ 'retry-after-ms': '-1' }, 0],
    [{ 'retry-after-ms': '0' }, 0],
    [{ 'retry-after': '20' }, 20_000],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': '.5' }, 500],
    [{ 'retry-after': '-20' }, 0],
    [{ 'retry-after': '-0' }, 0],
    [{ 'retry-after': '31536000' }, 365 * 24 * hourMs],
    // The milliseconds win, but only if they are any.
    [{ 'retry-after-ms': '10', 'retry-after': '20' }, 10],
    [{ 'retry-after-ms': '-10', 'retry-after': '20' }, 0],
    [{ 'retry-after-ms': 'soon', 'retry-after': '20' }, 20_000],
    [{ 'retry-after-ms': 'Fri, 06 Nov 2026 09:49:37 GMT', 'retry-after': '20' }, 20_000],
    [{ 'retry-after-ms': ['1', '2'], 'retry-after': '20' }, 20_000],
    // The three forms of a date.
    [{ 'retry-after': 'Fri, 06 Nov 2026 09:49:37 GMT' }, hourMs],
    [{ 'retry-after': 'Friday, 06-Nov-26 09:49:37 GMT' }, hourMs],
    [{ 'retry-after': 'Fri Nov  6 09:49:37 2026' }, hourMs],
    [{ 'retry-after': 'Fri, 06 Nov 2026 08:49:37 GMT' }, 0],
    [{ 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' }, 0],
    [{ 'retry-after': 'Fri, 06 Nov 2026 09:61:37 GMT' }, undefined],
    [{ 'retry-after': '2026-11-06T09:49:37Z' }, undefined],
    [{ 'retry-after': 'a 5' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': '1e3' }, undefined],
    [{ 'retry-after': '0x10' }, undefined],
    [{ 'retry-after': '1,5' }, undefined],
    [{ 'retry-after': 'NaN' }, undefined],
    [{ 'retry-after': 'Infinity' }, undefined],
    [{ 'retry-after': '9'.repeat(400) }, undefined],
    [{ 'retry-after': ['1', '2'] }, undefined],
  ];
  for (const [headers, expectedMs] of rows) {
    assert.equal(readRetryAfterMs(headers, nowMs), expectedMs, JSON.stringify(headers));
  }
});

test('the longest number that is read is finite', () => {
  const waitMs = readRetryAfterMs({ 'retry-after': '9'.repeat(64) }, nowMs);
  assert.ok(waitMs !== undefined && waitMs > 24 * hourMs && Number.isFinite(waitMs));
});
