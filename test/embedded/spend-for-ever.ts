/** A process that spends a token at a time, and tells when, until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';

import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import { admission, budget, costs, spend } from '../ledger/contract/ledger-under-test.ts';

const [stateDir = ''] = process.argv.slice(2);
const ledger = createEmbeddedLedger({
  stateDir,
  now: Date.now,
  onError(error) {
    throw error;
  },
});
const line = budget({ limit: { tokens: undefined, nanoUsd: undefined } });
await ledger.admit(admission({ holdId: 'open', leaseMs: 1, demand: costs(7), budgets: [line] }));
for (let spent = 1; ; spent += 1) {
  await spend(ledger, 1, { budgets: [line] });
  process.stdout.write(`${Date.now()} ${spent}\n`);
  await sleep(1);
}
