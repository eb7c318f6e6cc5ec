/**
 * Whether lists and mappings stand in each other more than so many times. JSON is read at any depth, but neither
 * copied nor written.
 */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((child) => isNestedDeeper(child, levels - 1));
}
