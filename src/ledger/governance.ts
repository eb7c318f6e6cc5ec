import { setTimeout as sleep } from 'node:timers/promises';

import type { Handler, Outcome } from '../exchange.ts';
import { priceAnswers } from '../openai/cost-of-answer.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import type { Estimates } from '../openai/estimates.ts';
import type { PriceTable } from '../openai/prices.ts';
import { type BudgetReport, reportBudgets } from './budget-report.ts';
import { createCostOfCall } from './call-cost.ts';
import { type Holds, type HoldsSettings, createHolds } from './holds.ts';
import { learnOutput } from './learned-output.ts';
import type { DueHold } from './ledger.ts';
import { type LiveHolds, keepHoldsAlive } from './live-holds.ts';
import { createLookUpWork } from './look-up-work.ts';
import { createOutbox } from './outbox.ts';
import type { Rules } from './rules.ts';
import { type SettleCalls, type SettleCallsSettings, createSettleCalls } from './settle-calls.ts';
import { type SettlementJournal, readKept } from './settlement-journal.ts';
import { ifRecorded } from './settlement.ts';
import { startSweeper } from './sweeper.ts';
import { rememberTightness } from './tightness.ts';

export interface Governance {
  readonly holds: Holds;
  readonly settleCalls: SettleCalls;
  report(): Promise<BudgetReport[]>;
  /** Charges that the store has not confirmed yet. */
  pendingCharges(): number;
  /** Waits for calls to end, and hands on what the store has not heard yet; false if it could not in this time. */
  close(timeoutMs: number): Promise<boolean>;
}

export interface GovernanceSettings extends Pick<
  HoldsSettings & SettleCallsSettings,
  'ledger' | 'dialect' | 'leaseMs' | 'onStoreOutage' | 'onSettled' | 'onHeld' | 'onLateUsage' | 'onOutage'
> {
  readonly rules: Rules;
  readonly prices: () => PriceTable;
  readonly estimates: () => Estimates & { readonly outputTokens: number; readonly batchTokens: number };
  readonly counter: TokenCounter;
  /** Other models that may answer in place of the one that is asked for. */
  readonly substitutesOf: (model: string) => readonly string[];
  readonly journal: SettlementJournal;
  /** Every organisation that this sidecar can spend for. */
  readonly orgs: () => readonly string[];
  /** Answers with its usage read. */
  readonly upstream: Handler;
  readonly onSwept: (hold: DueHold, result: 'lapsed' | 'told' | 'gone') => void;
  readonly onLost: (reason: Error) => void;
  readonly onError: (error: Error) => void;
  readonly pendingTo: (count: () => number) => void;
  readonly holdsTo: (holds: Pick<LiveHolds, 'count' | 'oldestAgeMs'>) => void;
}

/** Everything that spends by rules: how it hangs together stands here, what it does in the files it imports. */
export function govern(settings: GovernanceSettings): Governance {
  const { ledger, rules, prices, estimates, counter, orgs, onSettled, onError, leaseMs } = settings;
  const { journal, onLateUsage } = settings;
  const outbox = createOutbox(journal, settings.onLost, ledger.isReachable);
  settings.pendingTo(outbox.pending);
  const liveHolds = keepHoldsAlive({ ledger, leaseMs, onError });
  settings.holdsTo(liveHolds);
  const lookUp = createLookUpWork(settings.upstream);
  const costOfWork = (outcome: Outcome, operation: string, model: string) => ({
    tokens: outcome.usage?.totalTokens ?? 0,
    nanoUsd: priceAnswers(prices())(operation, model, outcome) ?? 0,
  });
  const settleCalls = createSettleCalls({
    ledger,
    outbox,
    liveHolds,
    lookUp,
    costOfWork,
    onSettled,
    onLateUsage,
  });
  const holds = createHolds({
    ...settings,
    costOfCall: createCostOfCall({
      prices,
      counter,
      learned: learnOutput(),
      substitutesOf: settings.substitutesOf,
      estimates,
    }),
    liveHolds,
    settleCalls,
    tightness: rememberTightness(),
  });
  for (const { settlement, attemptedAtMs } of journal.kept().map(readKept)) {
    const work = async (isStale: boolean) => {
      const settled = await ledger.settle(isStale ? ifRecorded(settlement) : settlement);
      onSettled(settlement, settled);
    };
    outbox.send({ work, settlement, attemptedAtMs });
  }
  const sweeper = startSweeper({
    ledger,
    orgs,
    outbox,
    lookUp,
    costOfWork,
    onSettled,
    onLateUsage,
    onSwept: settings.onSwept,
    onError,
    random: Math.random,
  });
  return {
    holds,
    settleCalls,
    pendingCharges: outbox.pending,
    async report() {
      const reports = orgs().map(async (org) =>
        reportBudgets(org, rules.budgets(), await ledger.windows(org)),
      );
      return (await Promise.all(reports)).flat();
    },
    async close(timeoutMs) {
      const givesUpAtMs = performance.now() + timeoutMs;
      sweeper.stop();
      // A call that was cut takes a moment until it is known what it cost.
      const isBusy = () => holds.running() > 0 || sweeper.isSweeping();
      while (isBusy() && performance.now() < givesUpAtMs) await sleep(5);
      const isFlushed = await outbox.flush(givesUpAtMs - performance.now());
      liveHolds.close();
      await ledger.close();
      journal.close();
      return isFlushed && holds.running() === 0;
    },
  };
}
