import type { Identity } from '../exchange.ts';
import type { Finder } from './finder.ts';
import type { AddOwnPlaceholders } from './own-placeholders.ts';
import type { Replacing } from './replace-findings.ts';

/** What one call is redacted with. */
export interface CallRedaction extends Replacing {
  readonly finder: Finder;
  readonly addOwnPlaceholders: AddOwnPlaceholders;
  /** What rules have to know of names that are hidden: see `Identity.fits`. */
  readonly fitsOf: (identity: Identity) => readonly string[];
  /** What the caller says is none, in lower case. */
  readonly allowed: ReadonlySet<string>;
}
