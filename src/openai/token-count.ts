/** Whether a request's member is a number of tokens that a call can have: a whole one from 1 to a billion. */
export function isTokenCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 1_000_000_000;
}
