import type { Finder } from './finder.ts';
import type { Replacing } from './replace-findings.ts';

/** What one call is redacted with. */
export interface CallRedaction extends Replacing {
  readonly finder: Finder;
  /** What the caller says is none, in lower case. */
  readonly allowed: ReadonlySet<string>;
}
