import type { CallRedaction } from './call-redaction.ts';
import type { Finding } from './detector.ts';
import { applyEdits } from './edits.ts';
import { maskFor } from './placeholders.ts';

/**
 * What is found in a short text, without the analyzer, and not only observed. Each finding is counted.
 *
 * @param mode what becomes of it
 */
export function findAtOnce(
  text: string,
  mode: 'mask' | 'hash' | 'block',
  { finder, modes, metrics, operation }: CallRedaction,
): Finding[] {
  return finder.findNow(text).filter(({ entity }) => {
    const isObserved = modes.of(entity) === 'observe';
    metrics.redacted({ entity, operation, mode: isObserved ? 'observe' : mode });
    return !isObserved;
  });
}

/** The text with all that is found masked: it is for nobody to restore. */
export function maskAtOnce(text: string, call: CallRedaction): string {
  return masked(text, findAtOnce(text, 'mask', call));
}

/** Masks what a model has put out, for those who read along; with nothing to look for it is left as it is. */
export function hideWith(
  parts: Pick<CallRedaction, 'finder' | 'modes'> | undefined,
): (text: string) => string {
  if (!parts) return (text) => text;
  const { finder, modes } = parts;
  return (text) =>
    masked(
      text,
      finder.findNow(text).filter(({ entity }) => modes.of(entity) !== 'observe'),
    );
}

function masked(text: string, findings: readonly Finding[]): string {
  return applyEdits(
    text,
    findings.map(({ entity, from, end }) => ({ from, end, text: maskFor(entity) })),
  );
}
