import type { Exchange, Outcome } from '../exchange.ts';
import { acquire } from './acquire.ts';
import { type Amounts, type Unit, largestAmount, nothing } from './amounts.ts';
import type { CallCost, CostOfCall } from './call-cost.ts';
import { type CallEnd, type Charge, chargeOf } from './charge.ts';
import { isFinal, lookupAfterCut, tellsOfOtherWork, workBegunBy } from './deferred-work.ts';
import {
  type Admission,
  type Demand,
  type Granted,
  type Ledger,
  type Settled,
  type Settlement,
  StoreUnavailable,
  type UpstreamWork,
  ifRecorded,
} from './ledger.ts';
import { limitHeaders } from './limit-headers.ts';
import type { LiveHolds } from './live-holds.ts';
import { type LookUpWork, lookUpEnd } from './look-up-work.ts';
import type { Outbox } from './outbox.ts';
import type { Matched, Rules } from './rules.ts';
import { factsOf } from './scopes.ts';
import type { Tightness } from './tightness.ts';

/** What one call holds while it runs. */
export interface Hold {
  /** The maximum of output to send upstream; undefined leaves the call as it is. */
  readonly outputTokens: number | undefined;
  /** They tell the caller what is left. */
  readonly headers: Record<string, string>;
  /** Whether what is seen of the output tells anything, should the upstream not tell its usage. */
  readonly needsSeenOutput: boolean;
  /** To be called once, when the call has truly ended. */
  end(end: CallEnd): void;
}

export interface Holds {
  /**
   * Holds what the call may cost in every budget and limit that matches it; undefined if none does. Rejects
   * with what `acquire` rejects with.
   */
  open(exchange: Exchange): Promise<Hold | undefined>;
  /** Settles what an answer tells of work that another call has begun. */
  hear(exchange: Exchange, outcome: Outcome): void;
  /** Calls that were let through and have not ended. */
  running(): number;
}

export interface HoldsSettings {
  readonly ledger: Ledger;
  readonly rules: Rules;
  readonly costOfCall: CostOfCall;
  readonly costOfWork: CostOfWork;
  readonly outbox: Outbox;
  readonly liveHolds: LiveHolds;
  readonly lookUp: LookUpWork;
  readonly tightness: Tightness;
  readonly dialect: 'openai' | 'azure';
  readonly leaseMs: number;
  readonly onStoreOutage: 'deny' | 'allow';
  readonly onSettled: (settlement: Pick<Settlement, 'org' | 'estimated'>, settled: Settled) => void;
  readonly onDenied: (rule: string) => void;
  /** A call is let through unheld, or refused, because the store is out of reach. */
  readonly onOutage: (error: StoreUnavailable) => void;
}

/** What work that was begun by an operation with a model has cost. */
export type CostOfWork = (outcome: Outcome, operation: string, model: string) => Amounts;

type Lines = Pick<Admission, 'budgets' | 'rates' | 'concurrencies'>;

/** A call that was let through. */
interface OpenCall {
  readonly exchange: Exchange;
  readonly org: string;
  readonly lines: Lines;
  readonly cost: CallCost | undefined;
  readonly held: Amounts;
  readonly admittedAtMs: number;
}

const firstPollMs = 1000;

export function createHolds(settings: HoldsSettings): Holds {
  const { ledger, rules, costOfCall, costOfWork, outbox, liveHolds, lookUp, tightness, onSettled } = settings;
  let running = 0;
  return { open, hear, running: () => running };

  async function open(exchange: Exchange): Promise<Hold | undefined> {
    const facts = factsOf(exchange, settings.dialect);
    const matched = rules.match(facts);
    const cost = needsCost(matched) ? costOfCall(exchange, facts.model) : undefined;
    const lines = cost ? matched : withoutCost(matched);
    if (lines.budgets.length + lines.rates.length + lines.concurrencies.length === 0) return undefined;
    const org = exchange.identity?.org ?? '';
    const holdId = exchange.id;
    const note = { operation: exchange.operation.name, model: facts.model };
    if (cost && tightness.isTight(org, lines.budgets, cost.demand)) await cost.count();
    let given: OpenCall | undefined;
    try {
      const granted = await acquire(
        ledger,
        {
          admission: { org, holdId, leaseMs: settings.leaseMs, ...lines, note },
          demand: cost?.demand ?? noDemand,
          count: cost && !cost.isCounted() ? cost.count : undefined,
          signal: exchange.signal,
        },
        {
          onGranted({ held }) {
            given = { exchange, org, lines, cost, held, admittedAtMs: ledger.nowMs() };
            if (isRecorded(lines)) liveHolds.add(org, holdId);
          },
          onDenied: settings.onDenied,
        },
      );
      tightness.see(org, lines.budgets, granted.budgets);
      return holdOf(given!, granted);
    } catch (error) {
      if (given) settle(given, { charge: nothing, estimated: false });
      if (!(error instanceof StoreUnavailable)) throw error;
      settings.onOutage(error);
      const isAllowed = settings.onStoreOutage === 'allow' || isOnlyObserved(lines);
      if (isAllowed) return unheld({ exchange, org, lines, cost });
      // It may have been held all the same, and the answer lost.
      if (error.mayHaveHappened) release(org, holdId);
      throw error;
    }
  }

  function holdOf(call: OpenCall, granted: Granted): Hold {
    const { lines, cost } = call;
    const isEnforced = lines.budgets.some(({ enforced }) => enforced);
    const isLowered = cost !== undefined && granted.outputTokens < cost.demand.outputTokens;
    return {
      outputTokens: isLowered || (isEnforced && cost?.needsMaximum) ? granted.outputTokens : undefined,
      headers: limitHeaders(lines.budgets, granted.budgets, ledger.nowMs()),
      needsSeenOutput: cost?.mayThinkUnseen === false,
      end: endOf(call),
    };
  }

  /** What is charged when the store is back is charged to the window that the call began in. */
  function unheld(call: Omit<OpenCall, 'held' | 'admittedAtMs'>): Hold {
    const held = call.cost ? mostOf(call.cost.demand) : nothing;
    const open = { ...call, held, admittedAtMs: ledger.nowMs() };
    return {
      outputTokens: undefined,
      headers: {},
      needsSeenOutput: call.cost?.mayThinkUnseen === false,
      end: endOf(open),
    };
  }

  /** Until its charge is known, and the outbox has it, a call counts as running or as pending: a shutdown waits. */
  function endOf(call: OpenCall): Hold['end'] {
    running += 1;
    return (end) => {
      outbox.send({ work: () => conclude(call, end), onGivenUp: () => abandon(call) });
      running -= 1;
    };
  }

  async function conclude(call: OpenCall, end: CallEnd): Promise<void> {
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
    settle(call, chargeOf({ ...cost, held }, told?.usage ? { ...end, outcome: told } : end));
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
      if (settled) onSettled(settlement, settled);
    };
    outbox.send({ work });
  }
}

const noDemand: Demand = {
  fixed: nothing,
  perOutputToken: nothing,
  outputTokens: 0,
  minOutputTokens: 0,
  usualOutputTokens: 0,
};

function needsCost({ budgets, rates }: Matched): boolean {
  return budgets.length > 0 || rates.some(({ unit }) => unit === 'tokens');
}

/** A call that costs no tokens is bound by limits on requests alone. */
function withoutCost({ rates, concurrencies }: Matched): Lines {
  return { budgets: [], rates: rates.filter(({ unit }) => unit === 'requests'), concurrencies };
}

/** Whether nothing can deny the call, and so neither may the store (L9). */
function isOnlyObserved({ budgets, rates, concurrencies }: Lines): boolean {
  return rates.length + concurrencies.length === 0 && budgets.every(({ enforced }) => !enforced);
}

/** Whether there is anything to settle. */
function isRecorded({ budgets, rates, concurrencies }: Lines): boolean {
  return budgets.length > 0 || concurrencies.length > 0 || rates.some(({ unit }) => unit === 'tokens');
}

function mostOf({ fixed, perOutputToken, outputTokens }: Demand): Amounts {
  const most = (unit: Unit) =>
    Math.min(Math.ceil(fixed[unit] + perOutputToken[unit] * outputTokens), largestAmount);
  return { tokens: most('tokens'), nanoUsd: most('nanoUsd') };
}
