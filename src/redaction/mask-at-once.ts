import type { CallRedaction } from './call-redaction.ts';
import { type Edit, applyEdits } from './edits.ts';
import { maskFor } from './placeholders.ts';

/** A short text with what is found in it masked, whatever its mode but `observe`: it is for nobody to restore. */
export function maskAtOnce(text: string, { finder, modes }: CallRedaction): string {
  const edits = finder
    .findNow(text)
    .filter(({ entity }) => modes.of(entity) !== 'observe')
    .map(({ entity, from, end }): Edit => ({ from, end, text: maskFor(entity) }));
  return applyEdits(text, edits);
}
