/** What numbers are taken from: seconds since then. */
const sinceMs = Date.UTC(2026, 0, 1);
/** More seconds than pass in three centuries. */
const levelLength = 1e10;

export interface Numbering {
  /** The highest number of the entity in the table; 0 if there is none. */
  readonly last: number;
  /** Whether no table of the scope can have been there before. */
  readonly isFirst: boolean;
  readonly nowMs: number;
  /** How long the table is kept from now on, at least. */
  readonly keepMs: number;
}

/**
 * The number of the next original of an entity, as `lua/vault.lua` has it, too. All tables of a scope but the first
 * number by the clock, so none comes to a number that one before it has had: that ended below the time at which it
 * was forgotten. What would go beyond that time goes on a level higher, where the same holds.
 */
export function nextNumber({ last, isFirst, nowMs, keepMs }: Numbering): number {
  const now = Math.floor((nowMs - sinceMs) / 1000);
  const next = isFirst ? last + 1 : Math.max(last + 1, now);
  if (next % levelLength < now + Math.floor(keepMs / 1000)) return next;
  return (Math.floor(next / levelLength) + 1) * levelLength + now;
}
