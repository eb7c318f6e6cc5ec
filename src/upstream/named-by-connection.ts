/**
 * The headers that a sender declares to be hop-by-hop by naming them in `Connection` (RFC 9110, section
 * 7.6.1), in lower case. Nearly always it names none: it is just `keep-alive`.
 */
export function namedByConnection(connection: string | string[] | undefined): Set<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(
    String(connection)
      .toLowerCase()
      .split(/[\s,]+/),
  );
}
