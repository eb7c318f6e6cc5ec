/** A longer value is nobody's name for a model, a team or an application. */
const maxLength = 128;

/** Nor is one with these: control characters, or half of a pair of surrogates, which has no UTF-8. */
const oddCharacters = /[\p{Cc}\p{Cs}]/u;

export type BoundedLabel = (value: string | undefined) => string;

/**
 * Lets the first `max` distinct values through as label values; whatever comes later counts as `other`. What isn't
 * known is `whenUnset`.
 */
export function boundedLabel(max: number, whenUnset = 'unknown'): BoundedLabel {
  const known = new Map<string, string>();
  return (value) => {
    if (value === undefined || value === '') return whenUnset;
    // The very text of the first time, whose hash is known.
    const same = known.get(value);
    if (same !== undefined) return same;
    if (known.size >= max || value.length > maxLength || oddCharacters.test(value)) return 'other';
    known.set(value, value);
    return value;
  };
}
