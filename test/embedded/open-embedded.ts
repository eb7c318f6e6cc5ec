import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import type { LedgerUnderTest } from '../ledger/contract/ledger-under-test.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** An embedded ledger on a clock that stands still until the test moves it. */
export async function openEmbedded(test: TestContext): Promise<LedgerUnderTest> {
  let nowMs = Date.UTC(2026, 10, 20, 12);
  const ledger = createEmbeddedLedger({
    stateDir: temporaryDirectory(test),
    now: () => nowMs,
    onError: (error) => assert.fail(String(error)),
  });
  test.after(() => ledger.close());
  return {
    ledger,
    another: async () => ledger,
    async advance(ms) {
      nowMs += ms;
    },
  };
}
