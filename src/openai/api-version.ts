/** `api-version=...` as a query has it, which Azure wants with every call; empty if it has none. */
export function apiVersionIn(query: string): string {
  const version = new URLSearchParams(query).get('api-version');
  return version === null ? '' : `api-version=${encodeURIComponent(version)}`;
}
