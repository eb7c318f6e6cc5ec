/** The store can't be reached, did not answer in time, or answered what no healthy one does. */
export class StoreUnavailable extends Error {
  /** False if what was asked for has certainly not been done. */
  readonly mayHaveHappened: boolean;

  constructor(reason: string, options: ErrorOptions & { readonly mayHaveHappened?: boolean } = {}) {
    super(`the store is unavailable: ${reason}`, options);
    this.name = 'StoreUnavailable';
    this.mayHaveHappened = options.mayHaveHappened ?? true;
  }
}
