type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Nobody waits longer; more is not a time. */
const maxSeconds = 86_400;

/**
 * How long the caller's SDK waits for an answer to begin, in milliseconds: `X-Stainless-Timeout` of the SDKs for
 * Node, in whole seconds rounded down, and `X-Stainless-Read-Timeout` of those for Python. Undefined if it says nothing
 * that is one.
 */
export function readCallerTimeoutMs(headers: Headers): number | undefined {
  const whole = readSeconds(headers['x-stainless-timeout']);
  const read = readSeconds(headers['x-stainless-read-timeout']);
  const seconds = Math.min(whole ?? Infinity, read ?? Infinity);
  return seconds === Infinity ? undefined : seconds * 1000;
}

function readSeconds(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,5}(\.\d{1,9})?$/.test(value)) return undefined;
  const seconds = Number(value);
  return seconds > 0 && seconds <= maxSeconds ? seconds : undefined;
}
