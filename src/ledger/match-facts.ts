import { type Facts, factOf } from './scopes.ts';

export type Matcher = (facts: Facts) => boolean;

/**
 * Whether a call fits every dimension of a rule's `match`, each by one of its patterns at least. A pattern is a
 * text with `*` for anything at its start, its end or both: `gpt-5*`. Nothing to match fits every call.
 */
export function createMatcher(match: Readonly<Record<string, readonly string[]>>): Matcher {
  const dimensions = Object.entries(match).map(
    ([dimension, patterns]) => [dimension, patterns.map(compilePattern)] as const,
  );
  return (facts) => {
    const matched = facts.matchedAs ? { ...facts, identity: facts.matchedAs } : facts;
    return dimensions.every(([dimension, fits]) => {
      const value = factOf(dimension, matched);
      return fits.some((fit) => fit(value));
    });
  };
}

function compilePattern(pattern: string): (value: string) => boolean {
  if (pattern === '*') return () => true;
  const [isOpenAtStart, isOpenAtEnd] = [pattern.startsWith('*'), pattern.endsWith('*')];
  const text = pattern.slice(isOpenAtStart ? 1 : 0, isOpenAtEnd ? -1 : undefined);
  if (isOpenAtStart && isOpenAtEnd) return (value) => value.includes(text);
  if (isOpenAtStart) return (value) => value.endsWith(text);
  if (isOpenAtEnd) return (value) => value.startsWith(text);
  return (value) => value === text;
}
