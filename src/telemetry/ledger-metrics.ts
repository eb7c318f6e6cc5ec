import { nanoUsdPerUsd } from '../openai/price.ts';
import { type BudgetMetrics, createBudgetMetrics } from './budget-metrics.ts';
import { ledgerDefinitions as definitions } from './ledger-definitions.ts';
import { type Registers, expose } from './registers.ts';
import { createTally } from './tally.ts';

/** In both units; money in nano-USD. */
interface Amounts {
  readonly tokens: number;
  readonly nanoUsd: number;
}

type ShownUnit = 'tokens' | 'usd';

export interface LedgerMetrics {
  readonly budgets: BudgetMetrics;
  settled(settlement: {
    readonly kind: string;
    readonly estimated: boolean;
    /** What this settlement added to the budgets; negative if it put an estimate right. */
    readonly charged: Amounts;
    readonly overrun: Amounts;
  }): void;
  /** @param amount in the unit. */
  charged(budget: { org: string; budget: string; scope: string }, unit: ShownUnit, amount: number): void;
  swept(result: 'lapsed' | 'told' | 'gone'): void;
  crossed(budget: string, unit: ShownUnit, percent: number): void;
  storeOutage(): void;
  settlementLost(): void;
  /** Asked when metrics are scraped. */
  pendingFrom(count: () => number): void;
  /** The same. */
  holdsFrom(holds: HoldCount): void;
}

export interface HoldCount {
  count(): number;
  /** Zero if there is none. */
  oldestAgeMs(): number;
}

export function createLedgerMetrics(registers: Registers, maxBudgetScopes: number): LedgerMetrics {
  const settlements = createTally(definitions.settlements, registers);
  const chargedTokens = createTally(definitions.chargedTokens, registers);
  const chargedUsd = createTally(definitions.chargedUsd, registers);
  const budgetCharged = createTally(definitions.budgetCharged, registers, 2 * maxBudgetScopes);
  const overrunTokens = createTally(definitions.overrunTokens, registers);
  const overrunUsd = createTally(definitions.overrunUsd, registers);
  const holdsSwept = createTally(definitions.holdsSwept, registers);
  const crossings = createTally(definitions.thresholdCrossings, registers);
  const outages = createTally(definitions.storeOutages, registers);
  const lost = createTally(definitions.outboxLost, registers);
  let pending = () => 0;
  let holds: HoldCount = { count: () => 0, oldestAgeMs: () => 0 };
  expose(definitions.outboxPending, registers, () => [{ labels: {}, value: pending() }]);
  expose(definitions.holdsLive, registers, () => [{ labels: {}, value: holds.count() }]);
  expose(definitions.holdOldestAge, registers, () => [{ labels: {}, value: holds.oldestAgeMs() / 1000 }]);

  return {
    budgets: createBudgetMetrics(registers, maxBudgetScopes),
    settled({ kind, estimated, charged, overrun }) {
      const isEstimated = String(estimated);
      settlements([kind, isEstimated], 1);
      chargedTokens([isEstimated], Math.max(0, charged.tokens));
      chargedUsd([isEstimated], Math.max(0, charged.nanoUsd) / nanoUsdPerUsd);
      overrunTokens([], overrun.tokens);
      overrunUsd([], overrun.nanoUsd / nanoUsdPerUsd);
    },
    charged: ({ org, budget, scope }, unit, amount) => budgetCharged([org, budget, scope, unit], amount),
    swept: (result) => holdsSwept([result], 1),
    crossed: (budget, unit, percent) => crossings([budget, unit, String(percent)], 1),
    storeOutage: () => outages([], 1),
    settlementLost: () => lost([], 1),
    pendingFrom(count) {
      pending = count;
    },
    holdsFrom(from) {
      holds = from;
    },
  };
}
