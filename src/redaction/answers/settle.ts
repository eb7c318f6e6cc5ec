import type { Edit } from '../edits.ts';

/** What is decided of a text: before `end` it stays as it is, but for the edits. */
export interface Settled {
  /** In their order. None ends beyond `end`. */
  readonly edits: readonly Edit[];
  readonly end: number;
}

export interface Settler {
  /** How much of the text before `from` it needs to see, in UTF-16 units. */
  readonly contextLength: number;
  /**
   * Decides as much of a text as can be decided without knowing how it goes on; all of it if it is whole.
   *
   * @param from up to where it is decided already
   */
  settle(text: string, from: number, isWhole: boolean): Settled;
}
