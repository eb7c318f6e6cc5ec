import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { createEmbeddedVaultStore } from '../../src/embedded/embedded-vault-store.ts';
import { becomeOwner } from '../../src/embedded/own-directory.ts';
import type { VaultStore } from '../../src/redaction/vault-store.ts';
import { terms, type VaultStoreUnderTest } from '../redaction/contract/vault-under-test.ts';
import { onStillClock } from './on-still-clock.ts';

/** An embedded store on a clock that stands still until the test moves it. Its clients share it. */
export async function openEmbeddedVault(test: TestContext): Promise<VaultStoreUnderTest> {
  const under = onStillClock(test, openVaultStoreIn);
  const { stateDir } = under;
  return {
    ...under,
    // The file, and what SQLite keeps beside it.
    rawBytes: async () =>
      Buffer.concat(
        readdirSync(stateDir)
          .filter((name) => name.startsWith('redaction.db'))
          .map((name) => readFileSync(join(stateDir, name))),
      ),
  };
}

/** The only store of its directory. */
export function openVaultStoreIn(stateDir: string, now: () => number = Date.now): VaultStore {
  return createEmbeddedVaultStore({ stateDir, own: () => becomeOwner(stateDir), now, ...terms });
}
