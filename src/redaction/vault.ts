/**
 * The table of originals that calls of one thread, conversation or chain of responses share: which placeholder
 * stands for which original. What it promises:
 *
 * - in a table an original of an entity has one number for ever, and a number one original; whoever asks first, and
 *   however many pods ask at once;
 * - in a table that is known to be its scope's first, numbers of an entity begin at 1 and leave no gaps; in any other
 *   they are taken from the store's clock, in seconds, so that no number means what it meant in a table before;
 * - a table is forgotten `keepMs` after it was last used, be it named into or read, by the store's own clock; a scope
 *   that came into it by `join` is forgotten by that same rule of its own use;
 * - each method is one atomic step and one round trip;
 * - the store never sees an original in the clear: see `sealed-vault.ts`.
 *
 * Every method rejects with `StoreUnavailable`, and with nothing else, within the configured time.
 */
export interface Vault {
  /**
   * Makes a table of a scope that has none; of no effect if it has one. Without originals, and not known to be the
   * first, it asks nobody.
   */
  begin(scope: Scope, table: FirstOriginals<Named>): Promise<void>;
  /**
   * Gives each original its number, the one that it has or the next, and resolves to their placeholders in the order
   * of `wanted`, such as `<EMAIL_1>`. Without any it asks nobody.
   */
  name(scope: Scope, wanted: readonly Original[]): Promise<readonly string[]>;
  /** All that the table holds, in no particular order; nothing if there is no such table (any more). */
  read(scope: Scope): Promise<readonly Named[]>;
  /**
   * Makes `to` another name of the table of `from`, so that what is named through one is known through the other.
   * Of no effect if `to` has a table already. So a chain of responses goes on with one table: a request is named into
   * the scope of its `previous_response_id`, or, as the first of a chain, begins that of an id of its own; as soon as
   * the answer tells its id, and before the caller learns of it, that joins.
   */
  join(from: Scope, to: Scope): Promise<void>;
  close(): Promise<void>;
}

/** What a table begins with. */
export interface FirstOriginals<Each> {
  /** With the placeholders, or numbers, that they keep. */
  readonly originals: readonly Each[];
  /** Whether no table of the scope can have been there before. */
  readonly isFirst: boolean;
}

/** Who shares a table. */
export interface Scope {
  readonly org: string;
  readonly kind: 'thread' | 'conversation' | 'response';
  /** As the API has it, or, of the first request of a chain, any that is unique. */
  readonly id: string;
}

export interface Original {
  /** Upper-case letters, digits and underscores: see `Finding`. */
  readonly entity: string;
  readonly original: string;
}

export interface Named extends Original {
  readonly placeholder: string;
}
