import { readFileSync } from 'node:fs';

import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

import { code, markdownTable } from './markdown-table.ts';

const valuesFile = new URL('../../charts/assistant-proxy/values.yaml', import.meta.url);

/** The chart's values, from the comments `# -- ...` above them, in the form that helm-docs has. */
export function chartValuesTable(): string {
  const document = parseDocument(readFileSync(valuesFile, 'utf8'));
  const rows = rowsOf(document.contents as YAMLMap, '');
  return markdownTable(['Key', 'Type', 'Default', 'Description'], rows);
}

/** One for each value that has a comment; the others are what those with one are made of. */
function rowsOf(map: YAMLMap, parent: string): string[][] {
  return map.items.flatMap((pair, index) => {
    const path = `${parent}${String(pair.key)}`;
    const comment = commentAbove(map, pair, index);
    if (comment === undefined) {
      if (isMap(pair.value)) return rowsOf(pair.value, `${path}.`);
      throw new Error(`values.yaml: ${path} has no comment # -- that says what it is`);
    }
    const value: unknown = (pair.value as { toJSON(): unknown }).toJSON();
    return [[code(path), typeOf(value), code(JSON.stringify(value)), comment]];
  });
}

/** What stands above the first key of a mapping belongs to the mapping, says the parser. */
function commentAbove(map: YAMLMap, { key }: Pair, index: number): string | undefined {
  const before = isScalar(key) ? key.commentBefore : undefined;
  const comment = before ?? (index === 0 ? map.commentBefore : undefined);
  return /(?:^|\n) -- (.+)$/.exec(comment ?? '')?.[1];
}

/** As Helm's people call them. */
function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'object';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' ? 'int' : 'string';
}
