import { LineCounter, isScalar, parseDocument, visit, type Document } from 'yaml';

import type { Problem } from './config-error.ts';

/** A YAML document as plain data; undefined if it is empty or has problems. `name` is what messages call it. */
export function parseYaml(source: string, name: string): { value: unknown; problems: readonly Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(source, {
    lineCounter: lines,
    // Pretty errors quote the source, and the source may be a secret.
    prettyErrors: false,
    logLevel: 'error',
    stringKeys: true,
    // The parser compares each key with all others: of a long file that is none it would take minutes.
    uniqueKeys: false,
  });
  const repeated = repeatedKeys(document).map((at) => ({ code: 'DUPLICATE_KEY', pos: [at] as const }));
  const problems = [...document.errors, ...document.warnings, ...repeated].map(({ code, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    // Only the code: many of the parser's messages quote what they stumbled over.
    const reason = code.toLowerCase().replaceAll('_', ' ');
    return { path: name, message: `line ${line}, column ${col}: not valid YAML (${reason})` };
  });
  if (problems.length > 0) return { value: undefined, problems };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) ?? undefined, problems };
  } catch {
    const message = 'its aliases (*name) lead nowhere, or grow too large when they are expanded';
    return { value: undefined, problems: [{ path: name, message }] };
  }
}

/** Where in the source a mapping has a key again. */
function repeatedKeys(document: Document.Parsed): number[] {
  const found: number[] = [];
  visit(document, {
    Map(_place, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found.push(key.range?.[0] ?? 0);
        seen.add(key.value);
      }
    },
  });
  return found;
}
