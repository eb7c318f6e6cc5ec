import { type Amounts, nothing } from '../ledger/amounts.ts';
import {
  lateNewsMs,
  type Settled,
  type SettledBudget,
  type Settlement,
  tombstoneMs,
  type UnrecordedHold,
} from '../ledger/settlement.ts';
import { bounded, minus } from './add-amounts.ts';
import { accountKeyOf, bucketKeyOf } from './admit.ts';
import type { Hold, Posting, SettledHold } from './holds.ts';
import { drain, pour } from './rates.ts';
import type { LedgerState } from './state.ts';
import { keyOf } from './table.ts';
import { type Account, hasCell, openAccount, post, spanAt, tallyOf } from './windows.ts';

/** Charges a hold that is live, else corrects an estimate, else recovers what was never recorded. */
export function settle(state: LedgerState, settlement: Settlement, nowMs: number): Settled {
  const { org, holdId, charge, estimated, unrecorded } = settlement;
  const key = keyOf(org, holdId);

  /** Charges the difference to what the hold counts for now, and remembers it. */
  function conclude(
    kind: Settled['kind'],
    hold: SettledHold,
    counted: Amounts,
    forMs: number,
    upstreamKey?: string,
  ): Settled {
    const charged = charge === 'hold' ? hold.held : charge;
    const budgets = hold.postings.flatMap((posting) => {
      const isLive = kind === 'settled';
      // Until it is settled a hold counts as held, and not as used.
      const used = isLive ? charged : minus(charged, counted);
      return chargeBudget(state, posting, used, isLive ? hold.held : undefined, nowMs);
    });
    for (const { bucketKey, perSecond } of hold.rates) {
      const bucket = state.buckets.get(bucketKey) ?? { level: 0, atMs: nowMs, perSecond };
      state.buckets.set(bucketKey, pour(drain(bucket, perSecond, nowMs), charged.tokens - counted.tokens));
    }
    // What can't be corrected needs no more than its charge.
    const kept = estimated ? hold : { ...hold, postings: [], rates: [] };
    if (!estimated && upstreamKey !== undefined) state.upstreamIds.delete(upstreamKey);
    const tombstones = forMs === tombstoneMs ? state.recentTombstones : state.tombstones;
    tombstones.set(key, {
      holdId,
      upstreamKey: estimated ? upstreamKey : undefined,
      hold: kept,
      charged,
      estimated,
      forgetAtMs: nowMs + forMs,
    });
    return { kind, ...told(hold, charged), budgets };
  }

  const live = state.holds.get(key);
  if (live !== undefined) {
    removeHold(state, key, live);
    const { note, held, postings, rates } = live;
    const upstreamKey = live.upstream && keyOf(org, live.upstream.id);
    const hasLateNews = estimated || upstreamKey !== undefined;
    const hold = { note, held, postings, rates };
    return conclude('settled', hold, held, hasLateNews ? lateNewsMs : tombstoneMs, upstreamKey);
  }
  const tombstone = state.tombstones.get(key) ?? state.recentTombstones.get(key);
  if (tombstone !== undefined && nowMs < tombstone.forgetAtMs) {
    const { hold, charged, upstreamKey } = tombstone;
    if (tombstone.estimated && !estimated) {
      return conclude('corrected', hold, charged, lateNewsMs, upstreamKey);
    }
    return { kind: 'duplicate', ...told(hold, charged), budgets: [] };
  }
  if (unrecorded !== undefined) {
    const hold = recoverHold(state, org, unrecorded);
    return conclude('recovered', hold, nothing, estimated ? lateNewsMs : tombstoneMs);
  }
  const unknown: SettledHold = { note: undefined, held: nothing, postings: [], rates: [] };
  return { kind: 'duplicate', ...told(unknown, nothing), budgets: [] };
}

function told({ note, held }: SettledHold, charged: Amounts): Omit<Settled, 'kind' | 'budgets'> {
  return { note, held, charged, overrun: bounded(minus(charged, held)) };
}

function removeHold(state: LedgerState, key: string, { holdId, concurrencyKeys }: Hold): void {
  state.holds.delete(key);
  state.concurrency.leave(concurrencyKeys, holdId);
}

/** `worst` is what a live hold counts for at worst. A window that was dropped since is charged nothing. */
function chargeBudget(
  state: LedgerState,
  { accountKey, span, held }: Posting,
  used: Amounts,
  worst: Amounts | undefined,
  nowMs: number,
): SettledBudget[] {
  const before = state.accounts.get(accountKey);
  if (before === undefined || !hasCell(before, span)) return [];
  const release = worst === undefined ? {} : { held: minus(nothing, held), worst: minus(nothing, worst) };
  const after = post(before, span, { used, ...release });
  state.accounts.set(accountKey, after);
  const usedIn = (account: Account): Amounts => tallyOf(account, span, nowMs).used;
  const { budget, scope } = before;
  return [{ budget, scope, startMs: span.startMs, usedBefore: usedIn(before), usedAfter: usedIn(after) }];
}

/** Opens the windows of a hold that the ledger never saw. */
function recoverHold(
  state: LedgerState,
  org: string,
  { budgets, rates, held, admittedAtMs }: UnrecordedHold,
) {
  const postings = budgets.map((line): Posting => {
    const accountKey = accountKeyOf(org, line);
    const span = spanAt(line.window, admittedAtMs);
    const account = state.accounts.get(accountKey) ?? openAccount(org, line);
    state.accounts.set(accountKey, post(account, span, {}));
    return { accountKey, span, held: nothing };
  });
  const tokenRates = rates.filter(({ unit }) => unit === 'tokens');
  return {
    note: undefined,
    held,
    postings,
    rates: tokenRates.map((line) => ({ bucketKey: bucketKeyOf(org, line), perSecond: line.perSecond })),
  };
}
