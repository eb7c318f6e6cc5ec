/** A piece of a text that is personal data, or a secret. */
export interface Finding {
  /** Such as `EMAIL`: upper-case letters, digits and underscores. */
  readonly entity: string;
  /** Where it stands, in UTF-16 units of the text that was given: `[from, end)`. */
  readonly from: number;
  readonly end: number;
  /** 0 to 1; at least its entity's threshold. */
  readonly score: number;
}

/** Finds what a text must not say. Takes time in proportion to the text, whatever it is. */
export interface Detector {
  /** In their order, without overlaps. */
  find(text: string): Finding[];
}
