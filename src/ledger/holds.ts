import type { CallRecord, Exchange, RuleKind } from '../exchange.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { acquire } from './acquire.ts';
import type { BudgetLine, BudgetState, Demand, Granted } from './admission.ts';
import { type Amounts, type Unit, largestAmount, nothing, units } from './amounts.ts';
import type { CostOfCall } from './call-cost.ts';
import type { CallEnd } from './charge.ts';
import type { Ledger } from './ledger.ts';
import { limitHeaders } from './limit-headers.ts';
import type { LiveHolds } from './live-holds.ts';
import type { Matched, Rules } from './rules.ts';
import { factsOf } from './scopes.ts';
import { type Lines, type OpenCall, type SettleCalls, isRecorded } from './settle-calls.ts';
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
  /** Calls that were let through and have not ended. */
  running(): number;
}

export interface HoldsSettings {
  readonly ledger: Ledger;
  readonly rules: Rules;
  readonly costOfCall: CostOfCall;
  readonly liveHolds: LiveHolds;
  readonly settleCalls: SettleCalls;
  readonly tightness: Tightness;
  readonly dialect: 'openai' | 'azure';
  readonly leaseMs: number;
  readonly onStoreOutage: () => 'deny' | 'allow';
  /** By what the call was matched, and what it was granted. */
  readonly onHeld: (holdId: string, lines: Lines, granted: Granted) => void;
  /** A call is let through unheld, or refused, because the store is out of reach. */
  readonly onOutage: (error: StoreUnavailable) => void;
}

export function createHolds(settings: HoldsSettings): Holds {
  const { ledger, rules, costOfCall, liveHolds, settleCalls, tightness } = settings;
  let running = 0;
  return { open, running: () => running };

  async function open(exchange: Exchange): Promise<Hold | undefined> {
    const facts = factsOf(exchange, settings.dialect);
    const matched = rules.match(facts);
    const cost = needsCost(matched) ? costOfCall(exchange, facts.model) : undefined;
    let lines = cost ? matched : withoutCost(matched);
    if (lines.budgets.length + lines.rates.length + lines.concurrencies.length === 0) return undefined;
    const org = exchange.identity?.org ?? '';
    const { id: holdId, record } = exchange;
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
          placesNow() {
            const { concurrencies } = rules.match(facts);
            lines = { ...lines, concurrencies };
            return concurrencies;
          },
          signal: exchange.signal,
        },
        {
          onGranted({ held }) {
            given = { exchange, org, lines, cost, held, admittedAtMs: ledger.nowMs() };
            if (isRecorded(lines)) liveHolds.add(org, holdId);
          },
          onDenied: (rule, kind) => tell(record, 'denied', rule, kind),
          onWaited(waitedMs) {
            record.limitWaitMs += waitedMs;
            record.waitedMs += waitedMs;
          },
        },
      );
      tightness.see(org, lines.budgets, granted.budgets);
      settings.onHeld(holdId, lines, granted);
      const isLowered = cost !== undefined && granted.outputTokens < cost.demand.outputTokens;
      const overdrawn = overdrawnOf(lines.budgets, granted.budgets);
      if (isLowered || overdrawn) tell(record, isLowered ? 'clamped' : 'observed', overdrawn, 'budget');
      else record.decision = 'allowed';
      return holdOf(given!, granted, isLowered);
    } catch (error) {
      if (given) settleCalls.giveBack(given);
      if (!(error instanceof StoreUnavailable)) throw error;
      settings.onOutage(error);
      const isAllowed = settings.onStoreOutage() === 'allow' || isOnlyObserved(lines);
      if (isAllowed) {
        record.decision = 'unheld';
        return unheld({ exchange, org, lines, cost });
      }
      // It may have been held all the same, and the answer lost.
      if (error.mayHaveHappened) settleCalls.release(org, holdId);
      throw error;
    }
  }

  function holdOf(call: OpenCall, granted: Granted, isLowered: boolean): Hold {
    const { lines, cost } = call;
    const isEnforced = lines.budgets.some(({ enforced }) => enforced);
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
      settleCalls.conclude(call, end);
      running -= 1;
    };
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

function tell(
  record: CallRecord,
  decision: CallRecord['decision'],
  rule: string | undefined,
  kind: RuleKind,
): void {
  record.decision = decision;
  if (rule === undefined) return;
  record.rule = rule;
  record.ruleKind = kind;
}

/** The first of the budgets that let the call through only because they aren't enforced. */
function overdrawnOf(lines: readonly BudgetLine[], states: readonly BudgetState[]): string | undefined {
  const isOverdrawn = ({ enforced, limit }: BudgetLine, { used, held }: BudgetState) =>
    !enforced && units.some((unit) => used[unit] + held[unit] > (limit[unit] ?? Infinity));
  return lines.find((line, index) => isOverdrawn(line, states[index]!))?.budget;
}

function mostOf({ fixed, perOutputToken, outputTokens }: Demand): Amounts {
  const most = (unit: Unit) =>
    Math.min(Math.ceil(fixed[unit] + perOutputToken[unit] * outputTokens), largestAmount);
  return { tokens: most('tokens'), nanoUsd: most('nanoUsd') };
}
