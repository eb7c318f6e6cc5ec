import { describe } from 'node:test';

import { budgetsContract } from './budgets-contract.ts';
import { concurrencyContract } from './concurrency-contract.ts';
import { deferralsContract } from './deferrals-contract.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import { ratesContract } from './rates-contract.ts';
import { settlementsContract } from './settlements-contract.ts';
import { windowsContract } from './windows-contract.ts';

/** Registers what every adapter of the ledger's port has to pass. */
export function describeLedger(name: string, open: OpenLedger): void {
  describe(`the ledger in ${name}`, () => {
    budgetsContract(open);
    windowsContract(open);
    ratesContract(open);
    concurrencyContract(open);
    settlementsContract(open);
    deferralsContract(open);
  });
}
