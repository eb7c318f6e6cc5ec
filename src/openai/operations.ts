/** Placeholder contract; see the module's owner. */
export interface Operation {
  readonly name: string;
}
