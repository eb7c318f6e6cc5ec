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
  const found = findAtOnce(text, 'mask', call);
  return applyEdits(
    text,
    found.map(({ entity, from, end }) => ({ from, end, text: maskFor(entity) })),
  );
}
