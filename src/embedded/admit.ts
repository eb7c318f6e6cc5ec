import type { Admission, BudgetLine, BudgetState, Decision, Denied, RateLine } from '../ledger/admission.ts';
import { costOf } from './demand.ts';
import { firstShortage, fittingOutput, heldIn, type Standing } from './fit.ts';
import type { Hold } from './holds.ts';
import { type Bucket, conformsInMs, drain, emptyBucket, pour } from './rates.ts';
import type { LedgerState } from './state.ts';
import { keyOf } from './table.ts';
import { type Account, openAccount, post, type Span, spanAt, stateOf, tallyOf } from './windows.ts';

interface OpenBudget extends Standing {
  readonly key: string;
  readonly account: Account;
  readonly span: Span;
}

interface OpenRate {
  readonly key: string;
  readonly line: RateLine;
  readonly bucket: Bucket;
  readonly cost: number;
}

/** Looks at everything first, and changes the state only when all of it allows the call. */
export function admit(state: LedgerState, admission: Admission, nowMs: number): Decision {
  const { org, holdId, demand } = admission;
  const budgets = admission.budgets.map((line) => openBudget(state, org, line, nowMs));
  const concurrencies = admission.concurrencies.map((line) => ({
    key: keyOf(org, line.limit, line.scope),
    line,
  }));
  const concurrencyKeys = concurrencies.map(({ key }) => key);

  function deny(by: Denied['by']): Denied {
    state.concurrency.leaveQueues(concurrencyKeys, holdId);
    return { kind: 'denied', by, budgets: budgets.map((each) => stateOf(each.account, each.span, nowMs)) };
  }

  const outputTokens = fittingOutput(demand, budgets);
  const held = costOf(demand, outputTokens);
  const shortage = firstShortage(demand, outputTokens, budgets);
  if (shortage !== undefined) return deny({ list: 'budgets', ...shortage });

  const place = state.concurrency.ask(admission, concurrencies, nowMs);
  if (place.kind === 'queued') return place;
  if (place.kind === 'full') {
    return deny({ list: 'concurrencies', index: place.index, isQueueFull: place.isQueueFull });
  }

  const rates = admission.rates.map((line) => openRate(state, org, line, held.tokens, nowMs));
  const waitsMs = rates.map(({ bucket, line, cost }) => conformsInMs(bucket, line, cost));
  const tooLongMs = waitsMs.map((waitMs, index) => {
    const leftMs = (rates[index]?.line.waitUpToMs ?? 0) - admission.waitedMs;
    return waitMs > Math.max(0, leftMs) ? waitMs : 0;
  });
  const retryAfterMs = Math.max(0, ...tooLongMs);
  if (retryAfterMs > 0) return deny({ list: 'rates', index: tooLongMs.indexOf(retryAfterMs), retryAfterMs });

  for (const { key, bucket, cost } of rates) state.buckets.set(key, pour(bucket, cost));
  const postings = budgets.map(({ key, span, line }) => ({
    accountKey: key,
    span,
    held: heldIn(line, demand, outputTokens),
  }));
  const states = budgets.map((each, index) => hold(state, each, postings[index]?.held ?? held, held, nowMs));
  const tokenRates = rates.filter(({ line }) => line.unit === 'tokens');
  const record: Hold = {
    org,
    holdId,
    note: admission.note,
    held,
    postings,
    rates: tokenRates.map(({ key, line }) => ({ bucketKey: key, perSecond: line.perSecond })),
    concurrencyKeys,
    admittedAtMs: nowMs,
    leaseEndMs: nowMs + admission.leaseMs,
    dueAtMs: nowMs + admission.leaseMs,
    upstream: undefined,
  };
  // A call that holds nothing leaves nothing to settle.
  if (postings.length + tokenRates.length + concurrencyKeys.length > 0) {
    state.holds.set(keyOf(org, holdId), record);
    state.concurrency.take(concurrencyKeys, holdId, record.leaseEndMs);
  }
  return { kind: 'granted', outputTokens, delayMs: Math.max(0, ...waitsMs), held, budgets: states };
}

export function accountKeyOf(org: string, { budget, scope, window }: BudgetLine): string {
  return keyOf(org, budget, scope, window.code);
}

export function bucketKeyOf(org: string, { limit, scope, unit }: RateLine): string {
  return keyOf(org, limit, scope, unit);
}

function openBudget(state: LedgerState, org: string, line: BudgetLine, nowMs: number): OpenBudget {
  const key = accountKeyOf(org, line);
  const account = state.accounts.get(key) ?? openAccount(org, line);
  const span = spanAt(line.window, nowMs);
  return { key, line, account, span, tally: tallyOf(account, span, nowMs) };
}

function openRate(state: LedgerState, org: string, line: RateLine, tokens: number, nowMs: number): OpenRate {
  const key = bucketKeyOf(org, line);
  const before = state.buckets.get(key) ?? emptyBucket(line, nowMs);
  const bucket = drain(before, line.perSecond, nowMs);
  // Otherwise a bucket that is only ever looked at would wait until the clock is back where it was.
  if (nowMs < before.atMs) state.buckets.set(key, bucket);
  return { key, line, bucket, cost: line.unit === 'tokens' ? tokens : 1 };
}

/** Holds in one budget; its state with the call's hold in it. */
function hold(
  state: LedgerState,
  { key, account, span }: OpenBudget,
  held: Hold['held'],
  worst: Hold['held'],
  nowMs: number,
): BudgetState {
  const after = post(account, span, { held, worst });
  state.accounts.set(key, after);
  return stateOf(after, span, nowMs);
}
