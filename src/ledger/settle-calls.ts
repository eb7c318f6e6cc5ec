import type { Exchange, Identity, Outcome } from '../exchange.ts';
import type { Usage } from '../openai/usage.ts';
import type { Admission } from './admission.ts';
import { type Amounts, nothing } from './amounts.ts';
import type { CallCost } from './call-cost.ts';
import { type CallEnd, type Charge, chargeOf } from './charge.ts';
import { isFinal, lookupAfterCut, tellsOfOtherWork, workBegunBy } from './deferred-work.ts';
import type { Ledger } from './ledger.ts';
import type { LiveHolds } from './live-holds.ts';
import { type LookUpWork, lookUpEnd } from './look-up-work.ts';
import type { Outbox } from './outbox.ts';
import { type Settled, type Settlement, type UpstreamWork, ifRecorded } from './settlement.ts';

/** What the call was admitted by. */
export type Lines = Pick<Admission, 'budgets' | 'rates' | 'concurrencies'>;

/** A call that was let through. */
export interface OpenCall {
  readonly exchange: Exchange;
  readonly org: string;
  readonly lines: Lines;
  readonly cost: CallCost | undefined;
  readonly held: Amounts;
  readonly admittedAtMs: number;
}

/** What work that was begun by an operation with a model has cost. */
export type CostOfWork = (outcome: Outcome, operation: string, model: string) => Amounts;

/** What a call has used, told by the upstream otherwise than in the call's own answer. */
export interface LateUsage {
  readonly operation: string;
  readonly model: string;
  /** Of whoever heard of it; undefined if nobody asked. */
  readonly identity: Identity | undefined;
  readonly usage: Usage;
  readonly nanoUsd: number;
}

export interface SettleCallsSettings {
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly liveHolds: LiveHolds;
  readonly lookUp: LookUpWork;
  readonly costOfWork: CostOfWork;
  readonly onSettled: (settlement: Concluded, settled: Settled) => void;
  /** Once for each call, as far as the store knows. */
  readonly onLateUsage: (late: LateUsage) => void;
}

/** By whichever id it was settled. */
interface Concluded extends Pick<Settlement, 'org' | 'estimated'> {
  readonly holdId?: string;
  readonly upstreamId?: string;
}

/** Every way in which a hold ends; the outbox sees to it that it does. */
export interface SettleCalls {
  /** The call has ended: charges it, or defers that. */
  conclude(call: OpenCall, end: CallEnd): void;
  /** The call was not made after all. */
  giveBack(call: OpenCall): void;
  /** The store's answer was lost, so it may hold something for a call that was refused. */
  release(org: string, holdId: string): void;
  /** Settles what an answer tells of work that another call has begun. */
  hear(exchange: Exchange, outcome: Outcome): void;
}

const firstPollMs = 1000;

export function createSettleCalls(settings: SettleCallsSettings): SettleCalls {
  const { ledger, outbox, liveHolds, lookUp, costOfWork, onSettled, onLateUsage } = settings;
  return {
    conclude: (call, end) => outbox.send({ work: () => charge(call, end), onGivenUp: () => abandon(call) }),
    giveBack: (call) => settle(call, { charge: nothing, estimated: false }),
    release,
    hear,
  };

  async function charge(call: OpenCall, end: CallEnd): Promise<void> {
    const { exchange, cost, held } = call;
    if (!isRecorded(call.lines)) return;
    if (!cost) return settle(call, { charge: nothing, estimated: false });
    if (!('outcome' in end) || end.status >= 400) return settle(call, chargeOf({ ...cost, held }, end));
    const { outcome } = end;
    if (outcome.usage) cost.learn(outcome.usage);
    const work = workBegunBy(exchange, outcome);
    if (work) return defer(call, work);
    const cut = outcome.ending === 'complete' ? undefined : lookupAfterCut(exchange, outcome);
    const told = cut && (await lookUpEnd(lookUp, cut.path));
    if (!told?.usage) return settle(call, chargeOf({ ...cost, held }, end));
    const { model = exchange.record.model, usage } = told;
    const { nanoUsd } = cost.cost(usage, told);
    const { identity } = exchange.record;
    onLateUsage({ operation: exchange.operation.name, model, identity, usage, nanoUsd });
    settle(call, chargeOf({ ...cost, held }, { ...end, outcome: told }));
  }

  function settle(call: OpenCall, { charge, estimated }: Charge): void {
    const { org, exchange, held, admittedAtMs } = call;
    const { budgets, rates } = call.lines;
    const holdId = exchange.id;
    const unrecorded = { budgets, rates, held, admittedAtMs };
    const settlement: Settlement = { org, holdId, charge, estimated, unrecorded };
    const work = async (isStale: boolean) => {
      const settled = await ledger.settle(isStale ? ifRecorded(settlement) : settlement);
      liveHolds.remove(org, holdId);
      onSettled(settlement, settled);
    };
    outbox.send({ work, settlement, onGivenUp: () => abandon(call) });
  }

  /** Lets a hold lapse that nobody will settle. */
  function abandon({ org, exchange }: OpenCall): void {
    liveHolds.remove(org, exchange.id);
  }

  function release(org: string, holdId: string): void {
    const settlement = { org, holdId, charge: nothing, estimated: false };
    outbox.send({ work: async () => void (await ledger.settle(settlement)), settlement });
  }

  function defer(call: OpenCall, upstream: UpstreamWork): void {
    const { org, exchange } = call;
    const work = async () => {
      const deferral = { org, holdId: exchange.id, upstream, pollAfterMs: firstPollMs };
      const isDeferred = await ledger.defer(deferral);
      liveHolds.remove(org, exchange.id);
      // The store has no such hold: it was away when the call was let through, or has lost its memory.
      if (!isDeferred) settle(call, { charge: 'hold', estimated: true });
    };
    outbox.send({ work, onGivenUp: () => abandon(call) });
  }

  function hear(exchange: Exchange, outcome: Outcome): void {
    const { id, usage, status } = outcome;
    if (id === undefined || !usage || !isFinal(status) || !tellsOfOtherWork(exchange)) return;
    const org = exchange.identity?.org ?? '';
    const charge = costOfWork(outcome, exchange.operation.name, outcome.model ?? '');
    const settlement = { org, upstreamId: id, charge, estimated: false };
    const work = async () => {
      const settled = await ledger.settleDeferred(settlement);
      if (!settled) return;
      onSettled(settlement, settled);
      if (settled.kind === 'duplicate') return;
      const { operation, model } = settled.note ?? { operation: exchange.operation.name, model: '' };
      const { identity } = exchange.record;
      onLateUsage({ operation, model: outcome.model ?? model, identity, usage, nanoUsd: charge.nanoUsd });
    };
    outbox.send({ work });
  }
}

/** Whether there is anything to settle. */
export function isRecorded({ budgets, rates, concurrencies }: Lines): boolean {
  return budgets.length > 0 || concurrencies.length > 0 || rates.some(({ unit }) => unit === 'tokens');
}
