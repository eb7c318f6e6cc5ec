import type { Edit } from '../edits.ts';
import { createPlaceholderReader, findPlaceholders } from '../placeholder-reader.ts';
import { readPlaceholder } from '../placeholders.ts';
import type { Settler } from './settle.ts';

/**
 * Puts originals back in place of their placeholders, also of those that a model mangled: see `placeholder-reader.ts`.
 * Only what the table knows is taken for a placeholder.
 *
 * @param originals of one scope, by placeholder: `<EMAIL_1>`
 */
export function settleOriginals(originals: ReadonlyMap<string, string>): Settler {
  const entities = new Set<string>();
  for (const name of originals.keys()) {
    const placeholder = readPlaceholder(name);
    if (placeholder?.form === 'pseudonym') entities.add(placeholder.entity);
  }
  const read = createPlaceholderReader(entities, (placeholder) => originals.get(placeholder));
  return {
    contextLength: 1,
    settle(text, from, isWhole) {
      const { found, end } = findPlaceholders(read, text, from, isWhole);
      const edits = found.map(({ value, ...place }): Edit => ({ ...place, text: value }));
      return { edits, end };
    },
  };
}
