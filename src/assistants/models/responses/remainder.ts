/** What of a text has not been told yet; nothing if what was told is not how it begins, as it can't be taken back. */
export function remainder(told: string, whole: unknown): string {
  return typeof whole === 'string' && whole.length > told.length && whole.startsWith(told)
    ? whole.slice(told.length)
    : '';
}
