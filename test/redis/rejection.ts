import assert from 'node:assert/strict';

import { StoreUnavailable } from '../../src/store-unavailable.ts';

/** What the work is rejected with, which has to be that the store is unavailable. */
export async function rejection(work: Promise<unknown>): Promise<StoreUnavailable> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StoreUnavailable, `${String(error)}`);
  return error;
}
