import type { Finding } from './detector.ts';
import type { Modes } from './modes.ts';
import { createPlaceholderReader, findPlaceholders } from './placeholder-reader.ts';
import type { Found } from './replace-findings.ts';

/** Adds to what was found in a text what the caller has written itself and would be taken for a placeholder. */
export type AddOwnPlaceholders = (found: Found) => Found;

/**
 * A caller's own `<EMAIL_1>` is treated as an address is: it gets a placeholder, and is what that is restored to. So a
 * text comes back as it was, whatever it holds. It is looked for as the answer's reader looks for placeholders, with
 * whatever number, as a later call may get to that. Takes time in proportion to the text.
 *
 * @param entities that may be found; of those that are not pseudonymized there are no placeholders
 */
export function createOwnPlaceholders(entities: readonly string[], modes: Modes): AddOwnPlaceholders {
  const pseudonymized = new Set(entities.filter((entity) => modes.of(entity) === 'pseudonymize'));
  const reader = createPlaceholderReader(pseudonymized, (placeholder) => {
    if (!numbered.test(placeholder)) return undefined;
    const entity = placeholder.slice(1, placeholder.lastIndexOf('_'));
    return pseudonymized.has(entity) ? entity : undefined;
  });
  const names = [...pseudonymized].map((entity) => entity.replaceAll('_', String.raw`\\?[_ -]`));
  // Most texts hold nothing of the kind, and a regular expression knows that sooner.
  const mayHold = new RegExp(String.raw`(?:${names.join('|')})\\?[_ -][1-9]`, 'i');

  return (found) => {
    const { text, findings } = found;
    if (!mayHold.test(text)) return found;
    const replaced = findings.filter(({ entity }) => modes.of(entity) !== 'observe');
    const own = findPlaceholders(reader, withoutFindings(text, replaced), 0, true).found;
    if (own.length === 0) return found;
    const added = own.map(({ from, end, value }): Finding => ({ entity: value, from, end, score: 1 }));
    return { ...found, findings: [...findings, ...added].sort((one, other) => one.from - other.from) };
  };
}

const numbered = /_[1-9]\d{0,15}>$/;

/** What stands beside a finding will stand beside a bracket, which ends a word as a NUL does. */
function withoutFindings(text: string, findings: readonly Finding[]): string {
  let kept = '';
  let at = 0;
  for (const { from, end } of findings) {
    kept += text.slice(at, from) + '\0'.repeat(end - from);
    at = end;
  }
  return kept + text.slice(at);
}
