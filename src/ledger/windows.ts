import { DateTime, IANAZone, type Zone } from 'luxon';

import type { CalendarWindow, Window } from './admission.ts';

/** As the configuration writes it: one of `every` and `rolling`. */
export interface WindowRule {
  readonly every?: CalendarUnit;
  /** An IANA name; UTC if it is left out. */
  readonly timezone?: string;
  /** `7d`, `12h`, `30m` */
  readonly rolling?: string;
}

export type CalendarUnit = 'minute' | 'hour' | 'day' | 'week' | 'month';

type Boundaries = ReturnType<CalendarWindow['around']>;

/**
 * The window that a rule describes. Days, weeks (from Monday, as ISO 8601 has them) and months are those of the
 * time zone, and so 23 or 25 hours long, or 30 days and an hour, where its clocks change. Minutes and hours are
 * those of UTC in every zone: they are lengths, and no clock change makes one longer.
 *
 * Throws a RangeError if the rule can't be read; the configuration lets no such rule through.
 */
export function createWindow({ every, timezone = 'UTC', rolling }: WindowRule): Window {
  if (rolling !== undefined) {
    const lengthMs = durationMs(rolling);
    return { kind: 'rolling', code: `rolling:${lengthMs}`, lengthMs };
  }
  if (every === undefined) throw new RangeError('a window needs `every` or `rolling`');
  if (every === 'minute' || every === 'hour') {
    return { kind: 'calendar', code: `${every}@UTC`, around: fixedBoundaries(unitMs[every]) };
  }
  const zone = IANAZone.create(timezone);
  if (!zone.isValid) throw new RangeError(`unknown time zone: ${timezone}`);
  return {
    kind: 'calendar',
    code: `${every}@${timezone}`,
    around: remembering((atMs) => calendarBoundaries(atMs, every, zone)),
  };
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const unitMs = { minute: minuteMs, hour: hourMs };

function durationMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new RangeError(`no duration: ${text}`);
  return Number(count) * { m: minuteMs, h: hourMs, d: dayMs }[unit as 'm' | 'h' | 'd'];
}

function fixedBoundaries(lengthMs: number): CalendarWindow['around'] {
  return (atMs) => {
    const startMs = Math.floor(atMs / lengthMs) * lengthMs;
    return [startMs - lengthMs, startMs, startMs + lengthMs, startMs + 2 * lengthMs];
  };
}

/** Nearly every call falls into the window of the call before. */
function remembering(compute: CalendarWindow['around']): CalendarWindow['around'] {
  let last: Boundaries | undefined;
  return (atMs) => {
    if (last === undefined || atMs < last[1] || atMs >= last[2]) last = compute(atMs);
    return last;
  };
}

/**
 * Calendar arithmetic is done on the wall clock, where it is plain, and each result is turned into an instant.
 * A period that a zone left out (Samoa had no 30 December 2011) has no length, and is passed over.
 */
function calendarBoundaries(atMs: number, unit: 'day' | 'week' | 'month', zone: Zone): Boundaries {
  const wallMs = atMs + offsetMs(zone, atMs);
  const period = DateTime.fromMillis(wallMs, { zone: 'utc' }).startOf(unit);
  const startOf = (index: number): number => firstInstantAt(period.plus({ [unit]: index }).toMillis(), zone);

  // Where clocks go back over midnight the wall shows a day that, by our rule, has ended already.
  let index = 0;
  while (startOf(index + 1) <= atMs) index += 1;
  while (startOf(index) > atMs) index -= 1;
  const startMs = startOf(index);
  const endMs = startOf(index + 1);
  let beforeMs = startMs;
  for (let step = 1; beforeMs >= startMs; step += 1) beforeMs = startOf(index - step);
  let afterMs = endMs;
  for (let step = 2; afterMs <= endMs; step += 1) afterMs = startOf(index + step);
  return [beforeMs, startMs, endMs, afterMs];
}

/**
 * The first instant at which the zone's wall clock shows `wallMs` or later: so a midnight that comes twice
 * counts the first time, and one that is skipped is where the clocks jump over it. Later wall times never
 * have earlier instants, hence windows are contiguous.
 */
function firstInstantAt(wallMs: number, zone: Zone): number {
  // Offsets reach from -12 to +14 hours (and -12:xx, +15:xx in the past), so these lie on either side.
  const offsetBeforeMs = offsetMs(zone, wallMs - 18 * hourMs);
  const offsetAfterMs = offsetMs(zone, wallMs + 18 * hourMs);
  const byOffsetBeforeMs = wallMs - offsetBeforeMs;
  const byOffsetAfterMs = wallMs - offsetAfterMs;
  if (offsetMs(zone, byOffsetBeforeMs) === offsetBeforeMs) return byOffsetBeforeMs;
  if (offsetMs(zone, byOffsetAfterMs) === offsetAfterMs) return byOffsetAfterMs;
  // The clocks jump over the wall time, somewhere between the two.
  let [earlyMs, lateMs] = [byOffsetAfterMs, byOffsetBeforeMs];
  while (lateMs - earlyMs > 1) {
    const middleMs = Math.floor((earlyMs + lateMs) / 2);
    if (middleMs + offsetMs(zone, middleMs) < wallMs) earlyMs = middleMs;
    else lateMs = middleMs;
  }
  return lateMs;
}

function offsetMs(zone: Zone, atMs: number): number {
  return Math.round(zone.offset(atMs) * minuteMs);
}
