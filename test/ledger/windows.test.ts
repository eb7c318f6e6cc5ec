import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { CalendarWindow } from '../../src/ledger/admission.ts';
import { type CalendarUnit, type WindowRule, createWindow } from '../../src/ledger/windows.ts';

const hourMs = 3_600_000;

function calendar(rule: WindowRule): CalendarWindow {
  const window = createWindow(rule);
  assert.equal(window.kind, 'calendar');
  return window;
}

/** Start and end of the window that `at` lies in, as UTC. */
function windowOf(every: CalendarUnit, timezone: string, at: string): string[] {
  const [, startMs, endMs] = calendar({ every, timezone }).around(Date.parse(at));
  return [startMs, endMs].map((ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z'));
}

for (const [what, every, timezone, at, start, end] of [
  ['a minute', 'minute', 'UTC', '2026-11-21T12:34:56Z', '2026-11-21T12:34Z', '2026-11-21T12:35Z'],
  [
    'an hour is one of UTC',
    'hour',
    'Asia/Kolkata',
    '2026-11-21T12:34Z',
    '2026-11-21T12:00Z',
    '2026-11-21T13:00Z',
  ],
  ['a day', 'day', 'UTC', '2026-11-21T00:00Z', '2026-11-21T00:00Z', '2026-11-22T00:00Z'],
  ['a day east of UTC', 'day', 'Asia/Tokyo', '2026-11-21T15:00Z', '2026-11-21T15:00Z', '2026-11-22T15:00Z'],
  [
    'a day of 23 hours',
    'day',
    'Europe/Berlin',
    '2026-03-29T12:00Z',
    '2026-03-28T23:00Z',
    '2026-03-29T22:00Z',
  ],
  [
    'a day of 25 hours',
    'day',
    'Europe/Berlin',
    '2026-10-25T12:00Z',
    '2026-10-24T22:00Z',
    '2026-10-25T23:00Z',
  ],
  [
    'a day of 24 and a half',
    'day',
    'Australia/Lord_Howe',
    '2026-04-05T01:00Z',
    '2026-04-04T13:00Z',
    '2026-04-05T13:30Z',
  ],
  [
    'a day without midnight',
    'day',
    'Africa/Cairo',
    '2026-04-24T12:00Z',
    '2026-04-23T22:00Z',
    '2026-04-24T21:00Z',
  ],
  [
    'a day whose midnight comes twice',
    'day',
    'America/Havana',
    '2026-11-01T04:30Z',
    '2026-11-01T04:00Z',
    '2026-11-02T05:00Z',
  ],
  [
    'its second midnight',
    'day',
    'America/Havana',
    '2026-11-01T05:00Z',
    '2026-11-01T04:00Z',
    '2026-11-02T05:00Z',
  ],
  [
    'a day whose last hour comes twice',
    'day',
    'America/Sao_Paulo',
    '2018-02-18T02:30Z',
    '2018-02-17T02:00Z',
    '2018-02-18T03:00Z',
  ],
  [
    'a day that a zone left out',
    'day',
    'Pacific/Apia',
    '2011-12-30T10:00Z',
    '2011-12-30T10:00Z',
    '2011-12-31T10:00Z',
  ],
  [
    'a week, from Monday',
    'week',
    'Europe/Berlin',
    '2026-11-22T22:59Z',
    '2026-11-15T23:00Z',
    '2026-11-22T23:00Z',
  ],
  ['a week over the new year', 'week', 'UTC', '2027-01-01T00:00Z', '2026-12-28T00:00Z', '2027-01-04T00:00Z'],
  ['a month', 'month', 'America/New_York', '2026-03-15T00:00Z', '2026-03-01T05:00Z', '2026-04-01T04:00Z'],
  ['a leap February', 'month', 'UTC', '2028-02-29T23:59Z', '2028-02-01T00:00Z', '2028-03-01T00:00Z'],
] as const) {
  test(`the window is ${what} (${timezone}, ${at})`, () => {
    assert.deepEqual(windowOf(every, timezone, at), [start, end]);
  });
}

test('the windows before and after are given too, and pass over a day that was left out', () => {
  const { around } = calendar({ every: 'day', timezone: 'Pacific/Apia' });
  // 29 December 2011 in Samoa was followed by the 31st.
  const start = Date.parse('2011-12-29T10:00Z');
  assert.deepEqual(
    around(start).map((ms) => (ms - start) / hourMs),
    [-24, 0, 24, 48],
  );
});

const zones = fc.constantFrom('UTC', ...Intl.supportedValuesOf('timeZone'));
const units = fc.constantFrom<CalendarUnit>('minute', 'hour', 'day', 'week', 'month');
const times = fc.integer({ min: 0, max: Date.UTC(2100, 0) });

test('whatever the zone and the time, windows ascend, hold their time and leave no gap', () => {
  fc.assert(
    fc.property(zones, units, times, (timezone, every, atMs) => {
      const { around } = calendar({ every, timezone });
      const [before, start, end, after] = around(atMs);
      assert.ok(before < start && start <= atMs && atMs < end && end < after);
      // A window of its own, so that nothing is remembered between the two.
      const { around: afresh } = calendar({ every, timezone });
      assert.deepEqual(afresh(end).slice(0, 3), [start, end, after]);
      assert.deepEqual(afresh(start - 1).slice(1, 3), [before, start]);
    }),
    { numRuns: 1500 },
  );
});

test('whatever the zone, a day begins when its date first shows on the wall, by another clock', () => {
  fc.assert(
    fc.property(zones, times, fc.double({ min: 0, max: 1, noNaN: true }), (timezone, atMs, share) => {
      const dates = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone });
      const [, start, end] = calendar({ every: 'day', timezone }).around(atMs);
      const [first, last] = [dates.format(start), dates.format(end - 1)];
      assert.ok(dates.format(start - 1) < first);
      assert.ok(dates.format(end) > first);
      const within = dates.format(Math.floor(start + share * (end - 1 - start)));
      assert.ok(within <= first && last <= first);
    }),
    { numRuns: 1500 },
  );
});

test('the boundaries are worked out once for a window', () => {
  const { around } = calendar({ every: 'day', timezone: 'Europe/Berlin' });
  const [, start, end] = around(Date.UTC(2026, 10, 21));
  assert.equal(around(start), around(end - 1));
  assert.notEqual(around(end), around(start));
});

test('the code tells kind, length and zone apart', () => {
  const codes = [
    createWindow({ every: 'day' }),
    createWindow({ every: 'day', timezone: 'Europe/Berlin' }),
    createWindow({ every: 'week' }),
    createWindow({ every: 'hour', timezone: 'Europe/Berlin' }),
    createWindow({ rolling: '7d' }),
    createWindow({ rolling: '168h' }),
    createWindow({ rolling: '30m' }),
  ].map(({ code }) => code);
  assert.deepEqual(codes, [
    'day@UTC',
    'day@Europe/Berlin',
    'week@UTC',
    'hour@UTC',
    'rolling:604800000',
    'rolling:604800000',
    'rolling:1800000',
  ]);
});

test('a rule that can not be read throws', () => {
  for (const rule of [{}, { rolling: '7w' }, { every: 'day', timezone: 'Mars/Olympus' }] as const) {
    assert.throws(() => createWindow(rule), RangeError);
  }
});
