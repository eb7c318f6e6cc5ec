import { StoreUnavailable } from '../store-unavailable.ts';
import type { Amounts } from './amounts.ts';
import { isFinal } from './deferred-work.ts';
import type { DueHold, Ledger } from './ledger.ts';
import type { LookUpWork } from './look-up-work.ts';
import type { Outbox } from './outbox.ts';
import type { SettleCallsSettings } from './settle-calls.ts';
import { lateNewsMs } from './settlement.ts';

export interface Sweeper {
  /** Begins no other sweep. */
  stop(): void;
  isSweeping(): boolean;
}

interface SweeperSettings {
  readonly ledger: Ledger;
  readonly orgs: () => readonly string[];
  readonly outbox: Outbox;
  readonly lookUp: LookUpWork;
  readonly costOfWork: SettleCallsSettings['costOfWork'];
  readonly onSettled: SettleCallsSettings['onSettled'];
  readonly onLateUsage: SettleCallsSettings['onLateUsage'];
  readonly onSwept: (hold: DueHold, result: 'lapsed' | 'told' | 'gone') => void;
  readonly onError: (error: Error) => void;
  readonly random: () => number;
}

const sweepEveryMs = 1000;
const claimMs = 15_000;
const claimedTogether = 20;

/**
 * Resolves the holds that nobody else will (L3, L6): of a process that died, and of work that goes on upstream.
 * Every pod sweeps; the store hands each hold to one of them.
 */
export function startSweeper(settings: SweeperSettings): Sweeper {
  const { ledger, orgs, outbox, lookUp, costOfWork, onSettled, onLateUsage } = settings;
  const { onSwept, onError, random } = settings;
  let running: Promise<void> | undefined;
  let isStopped = false;
  let timer = later();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
    isSweeping: () => running !== undefined,
  };

  function sweep(): Promise<void> {
    return (running ??= sweepAll().finally(() => (running = undefined)));
  }

  /** Out of step with other pods. */
  function later(): NodeJS.Timeout {
    const next = setTimeout(
      () =>
        void sweep().finally(() => {
          if (!isStopped) timer = later();
        }),
      sweepEveryMs * (0.75 + random() / 2),
    );
    return next.unref();
  }

  async function sweepAll(): Promise<void> {
    await Promise.all(orgs().map(sweepOrg));
  }

  async function sweepOrg(org: string): Promise<void> {
    try {
      let isMoreDue = true;
      while (isMoreDue) {
        const due = await ledger.claimDue({ org, max: claimedTogether, claimMs });
        await Promise.all(due.map((hold) => resolve(org, hold)));
        isMoreDue = due.length === claimedTogether && !isStopped;
      }
    } catch (error) {
      // The store's connection reports its troubles itself.
      if (!(error instanceof StoreUnavailable)) onError(error as Error);
    }
  }

  async function resolve(org: string, hold: DueHold): Promise<void> {
    const { holdId, upstream, note } = hold;
    if (!upstream) return end('hold', 'lapsed');
    const ageMs = ledger.nowMs() - hold.admittedAtMs;
    const state = await lookUp(upstream.path);
    if (state.kind === 'known' && isFinal(state.outcome.status)) {
      const { usage, status, model = note.model } = state.outcome;
      if (usage) {
        const cost = costOfWork(state.outcome, note.operation, note.model);
        const late = { operation: note.operation, model, identity: undefined, usage, nanoUsd: cost.nanoUsd };
        return end(cost, 'told', () => onLateUsage(late));
      }
      // What failed without saying what it used, used nothing; of anything else nobody knows.
      return status === 'failed' ? end({ tokens: 0, nanoUsd: 0 }, 'told') : end('hold', 'gone');
    }
    if (state.kind === 'gone' || ageMs > lateNewsMs) return end('hold', 'gone');
    await ledger.defer({ org, holdId, upstream, pollAfterMs: pollAfterMs(ageMs) });

    function end(charge: Amounts | 'hold', result: 'lapsed' | 'told' | 'gone', onEnd = () => {}): void {
      const settlement = { org, holdId, charge, estimated: charge === 'hold' };
      const work = async () => {
        const settled = await ledger.settle(settlement);
        onSettled(settlement, settled);
        if (settled.kind !== 'settled') return;
        onSwept(hold, result);
        onEnd();
      };
      outbox.send({ work });
    }
  }
}

/** Soon for what is soon done, and still within seconds for what takes a day. */
function pollAfterMs(ageMs: number): number {
  return Math.min(Math.max(ageMs / 10, 1000), 10_000);
}
