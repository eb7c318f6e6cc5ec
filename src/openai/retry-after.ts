type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * How long an answer asks to wait before the next try: what `retry-after-ms` says in milliseconds, else what
 * `retry-after` says in seconds or as an HTTP date (RFC 9110, 10.2.3). Zero if that is negative or has passed;
 * undefined if neither says anything. It may be absurdly long: cap it.
 *
 * @param nowMs Unix time, which dates are told against.
 */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const milliseconds = readNumber(headers['retry-after-ms']);
  if (milliseconds !== undefined) return Math.max(0, milliseconds);
  const seconds = readNumber(headers['retry-after']);
  if (seconds !== undefined) return Math.max(0, seconds * 1000);
  const dateMs = readHttpDateMs(headers['retry-after']);
  return dateMs === undefined ? undefined : Math.max(0, dateMs - nowMs);
}

/** Short enough that no number is infinite. */
const maxLength = 64;

function readNumber(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string' || value.length > maxLength) return undefined;
  return /^\s*-?(\d+(\.\d*)?|\.\d+)\s*$/.test(value) ? Number(value) : undefined;
}

const weekday = '(Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longWeekday = '(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const month = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const time = '\\d{2}:\\d{2}:\\d{2}';
/** The form of today, and the two obsolete ones that recipients must read (RFC 9110, 5.6.7). */
const withZone = new RegExp(
  `^(${weekday}, \\d{2} ${month} \\d{4}|${longWeekday}, \\d{2}-${month}-\\d{2}) ${time} GMT$`,
);
const withoutZone = new RegExp(`^${weekday} ${month} [ \\d]\\d ${time} \\d{4}$`);

/** `Date.parse` alone takes almost anything for a date: `-1`, `a 5`. */
function readHttpDateMs(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string' || value.length > maxLength) return undefined;
  const text = value.trim();
  const dateMs = withZone.test(text)
    ? Date.parse(text)
    : withoutZone.test(text)
      ? Date.parse(`${text} GMT`)
      : NaN;
  return Number.isNaN(dateMs) ? undefined : dateMs;
}
