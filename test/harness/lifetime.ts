/** A test's context, or whatever else says when all is over. */
export interface Lifetime {
  after(release: () => Promise<void>): unknown;
}
