import type { Identity } from '../exchange.ts';
import { type Facts, factOf } from './scopes.ts';

export type Matcher = (facts: Facts) => boolean;

/**
 * What stands for a pattern of names where it must not be told what it is, as it may be somebody's name. The same on
 * every pod.
 */
export type DigestPattern = (dimension: string, pattern: string) => string;

/**
 * Whether a call fits every dimension of a rule's `match`, each by one of its patterns at least. A pattern is a
 * text with `*` for anything at its start, its end or both: `gpt-5*`. Nothing to match fits every call. A name that is
 * hidden fits what its identity says that it does.
 *
 * @param digest as those in `Identity.fits` were made
 */
export function createMatcher(match: Match, digest?: DigestPattern): Matcher {
  const dimensions = Object.entries(match).map(([dimension, patterns]) => ({
    dimension,
    patterns,
    fits: patterns.map(compilePattern),
  }));
  return (facts) =>
    dimensions.every(({ dimension, patterns, fits }) => {
      const value = factOf(dimension, facts);
      if (fits.some((fit) => fit(value))) return true;
      const { fits: known } = facts.identity;
      if (!known || !digest || !isNamed(dimension)) return false;
      return patterns.some((pattern) => known.includes(digest(dimension, pattern)));
    });
}

/** Digests of all the patterns in these rules that names fit: what is to be known of them once they are hidden. */
export function createNameFits(
  rules: readonly { readonly match: Match }[],
  digest: DigestPattern,
): (identity: Identity) => string[] {
  const patterns = rules.flatMap(({ match }) =>
    Object.entries(match).flatMap(([dimension, own]) =>
      isNamed(dimension) ? own.map((pattern) => ({ dimension, pattern, fits: compilePattern(pattern) })) : [],
    ),
  );
  return (identity) => {
    const fitting = patterns.filter(({ dimension, fits }) => fits(identity[dimension]));
    return [...new Set(fitting.map(({ dimension, pattern }) => digest(dimension, pattern)))];
  };
}

type Match = Readonly<Record<string, readonly string[]>>;

/** Those that callers may say, and that may be somebody's name. */
function isNamed(dimension: string): dimension is 'team' | 'app' | 'user' {
  return dimension === 'team' || dimension === 'app' || dimension === 'user';
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
