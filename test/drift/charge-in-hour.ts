import { randomUUID } from 'node:crypto';

import { type Amounts, nothing } from '../../src/ledger/amounts.ts';
import { type CountedByHour, countByHour } from '../../src/ledger/count-by-hour.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createRules } from '../../src/ledger/rules.ts';

const noRules = createRules({ budgets: [], limits: [], thresholdPercents: [] });

/** A ledger that counts, as a sidecar without budgets has it. */
export function counting(ledger: Ledger): CountedByHour {
  return countByHour(noRules, ledger);
}

/** Charges one call of a chat as a sidecar would have at that time. */
export async function chargeInHour(
  ledger: Ledger,
  org: string,
  atMs: number,
  charge: Amounts,
): Promise<void> {
  const { rules, ledger: counted } = counting({ ...ledger, nowMs: () => atMs });
  const holdId = randomUUID();
  const { budgets } = rules.match({
    identity: { org, team: '', app: '', user: '' },
    model: 'gpt-4o',
    assistant: '',
    operation: 'chat.completions.create',
    metadata: () => '',
  });
  await counted.admit({
    org,
    holdId,
    leaseMs: 60_000,
    waitedMs: 0,
    demand: {
      fixed: charge,
      perOutputToken: nothing,
      outputTokens: 0,
      minOutputTokens: 0,
      usualOutputTokens: 0,
    },
    budgets,
    rates: [],
    concurrencies: [],
    note: { operation: 'chat.completions.create', model: 'gpt-4o' },
  });
  await counted.settle({ org, holdId, charge, estimated: false });
}
