/**
 * A result as it can be compared with one from elsewhere: ids are replaced by their kind and the order in which they
 * first appear, times by a word. Keys are sorted, so that their order does not number the ids.
 */
export function comparable(result: unknown): unknown {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  const nameOf = (id: string, kind: string) => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    names.set(id, `${kind}#${count}`);
    return `${kind}#${count}`;
  };
  const replaced = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return value.replace(ids, nameOf);
    if (typeof value === 'number' && key.endsWith('_at')) return 'a time';
    if (Array.isArray(value)) return value.map((item) => replaced(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([name, item]) => [name, replaced(item, name)]));
  };
  return replaced(result, '');
}

/** Files of containers are files to the application. As long as those that are made up at random, so that ids which a test makes up itself stay as they are. */
const ids = /\bc?(asst|thread|msg|run|step|call|vs|file)[_-][A-Za-z0-9]{20,}/g;
