/**
 * A map in memory, the authority, which remembers the keys that were changed since they were last written to
 * the file. Values are never changed in place: setting one is what marks it.
 */
export interface Table<Value> {
  readonly name: string;
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  entries(): Iterable<[string, Value]>;
  values(): Iterable<Value>;
  changedKeys(): Iterable<string>;
  /** What was changed up to now is in the file. */
  markWritten(): void;
}

/** `rows` are those that the file holds already. */
export function createTable<Value>(name: string, rows: Iterable<[string, Value]>): Table<Value> {
  const values = new Map(rows);
  const changed = new Set<string>();
  const written = new Set(values.keys());
  return {
    name,
    get: (key) => values.get(key),
    set(key, value) {
      values.set(key, value);
      changed.add(key);
    },
    delete(key) {
      if (!values.delete(key)) return;
      // What came and went between two writes is none of the file's business.
      if (written.has(key)) changed.add(key);
      else changed.delete(key);
    },
    entries: () => values.entries(),
    values: () => values.values(),
    changedKeys: () => changed,
    markWritten() {
      for (const key of changed) {
        if (values.has(key)) written.add(key);
        else written.delete(key);
      }
      changed.clear();
    },
  };
}

/** No two lists of names make the same key, whatever characters are in them. */
export function keyOf(...names: readonly string[]): string {
  return JSON.stringify(names);
}
