/** A longer value is nobody's name for a model. */
const maxLength = 128;

/** Lets the first `max` distinct values through as label values; whatever comes later counts as `other`. */
export function boundedLabel(max: number): (value: string | undefined) => string {
  const known = new Set<string>();
  return (value) => {
    if (value === undefined) return 'unknown';
    if (known.has(value)) return value;
    if (known.size >= max || value.length > maxLength) return 'other';
    known.add(value);
    return value;
  };
}
