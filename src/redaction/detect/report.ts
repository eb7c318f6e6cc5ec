import type { EntityName } from './entities.ts';

/**
 * Takes what a detector found. `base` is what its form and check digits alone make it worth, 0 to 1; the context
 * raises or lowers that.
 */
export type Report = (entity: EntityName, from: number, end: number, base: number) => void;
