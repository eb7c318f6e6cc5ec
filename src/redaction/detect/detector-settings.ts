import type { CustomPattern } from './custom-patterns.ts';
import type { EntityName } from './entities.ts';

/** Each may be left out. */
export interface DetectorSettings {
  /** What is looked for; all of them if it is left out. Custom patterns are looked for in any case. */
  readonly entities?: readonly EntityName[];
  /** 0 to 1, by entity: findings below it are none. 0.5 for what is not named. */
  readonly thresholds?: Readonly<Partial<Record<EntityName, number>>>;
  /** Texts that are never findings, whole and in whatever case. */
  readonly allow?: readonly string[];
  readonly custom?: readonly CustomPattern[];
  /** Where phone numbers without a country code are from, as ISO 3166 has it. `US` if it is left out. */
  readonly phoneRegions?: readonly string[];
}
