import { Gauge, type Registry } from 'prom-client';

import { metricDefinitions as definitions } from './metric-definitions.ts';
import { createTally } from './tally.ts';

/** In both units; money in nano-USD. */
interface Amounts {
  readonly tokens: number;
  readonly nanoUsd: number;
}

export interface LedgerMetrics {
  denied(rule: string): void;
  settled(settlement: {
    readonly kind: string;
    readonly estimated: boolean;
    /** What this settlement added to the budgets; negative if it put an estimate right. */
    readonly charged: Amounts;
    readonly overrun: Amounts;
  }): void;
  swept(result: 'lapsed' | 'told' | 'gone'): void;
  crossed(budget: string, unit: 'tokens' | 'usd', percent: number): void;
  storeOutage(): void;
  settlementLost(): void;
  /** Asked when metrics are scraped. */
  pendingFrom(count: () => number): void;
}

const nanoUsdPerUsd = 1_000_000_000;

export function createLedgerMetrics(registers: Registry[]): LedgerMetrics {
  const denials = createTally(definitions.denials, registers);
  const settlements = createTally(definitions.settlements, registers);
  const chargedTokens = createTally(definitions.chargedTokens, registers);
  const chargedUsd = createTally(definitions.chargedUsd, registers);
  const overrunTokens = createTally(definitions.overrunTokens, registers);
  const overrunUsd = createTally(definitions.overrunUsd, registers);
  const holdsSwept = createTally(definitions.holdsSwept, registers);
  const crossings = createTally(definitions.thresholdCrossings, registers);
  const outages = createTally(definitions.storeOutages, registers);
  const lost = createTally(definitions.outboxLost, registers);
  let pending = () => 0;
  const gauge: Gauge = new Gauge({
    ...definitions.outboxPending,
    registers,
    collect: () => gauge.set(pending()),
  });

  return {
    denied: (rule) => denials([rule], 1),
    settled({ kind, estimated, charged, overrun }) {
      settlements([kind, String(estimated)], 1);
      chargedTokens([], Math.max(0, charged.tokens));
      chargedUsd([], Math.max(0, charged.nanoUsd) / nanoUsdPerUsd);
      overrunTokens([], overrun.tokens);
      overrunUsd([], overrun.nanoUsd / nanoUsdPerUsd);
    },
    swept: (result) => holdsSwept([result], 1),
    crossed: (budget, unit, percent) => crossings([budget, unit, String(percent)], 1),
    storeOutage: () => outages([], 1),
    settlementLost: () => lost([], 1),
    pendingFrom(count) {
      pending = count;
    },
  };
}
