import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';

import type {
  Admission,
  BudgetLine,
  CalendarWindow,
  ConcurrencyLine,
  Decision,
  Demand,
  Denied,
  Granted,
  Queued,
  RateLine,
  RollingWindow,
} from '../../../src/ledger/admission.ts';
import type { Ledger, WindowState } from '../../../src/ledger/ledger.ts';

/** A ledger on a store of its own, whose clock the test moves. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** A second pod on the same store; the same object where a store has one owner. */
  another(): Promise<Ledger>;
  /** Moves the store's clock, perhaps back. */
  advance(ms: number): Promise<void>;
}

export type OpenLedger = (test: TestContext) => Promise<LedgerUnderTest>;

export const org = 'acme';
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Real time goes on behind a store's moved clock; longer than any test needs for its calls. */
export const driftMs = 5000;

/** Windows of one length, one after the other since 1970. */
export function every(lengthMs: number): CalendarWindow {
  return {
    kind: 'calendar',
    code: `every:${lengthMs}`,
    around(atMs) {
      const startMs = Math.floor(atMs / lengthMs) * lengthMs;
      return [startMs - lengthMs, startMs, startMs + lengthMs, startMs + 2 * lengthMs];
    },
  };
}

export function rolling(lengthMs: number): RollingWindow {
  return { kind: 'rolling', code: `rolling:${lengthMs}`, lengthMs };
}

/** Costs that are known before the call. */
export function costs(tokens: number, nanoUsd = 0): Demand {
  return {
    fixed: { tokens, nanoUsd },
    perOutputToken: { tokens: 0, nanoUsd: 0 },
    outputTokens: 0,
    minOutputTokens: 0,
    usualOutputTokens: 0,
  };
}

/** Ten tokens of input, and an output whose tokens cost two and a half nano-USD each. */
export function putsOut(outputTokens: number, parts: Partial<Demand> = {}): Demand {
  return {
    fixed: { tokens: 10, nanoUsd: 10 },
    perOutputToken: { tokens: 1, nanoUsd: 2.5 },
    outputTokens,
    minOutputTokens: outputTokens,
    usualOutputTokens: outputTokens,
    ...parts,
  };
}

export function admission(parts: Partial<Admission> = {}): Admission {
  return {
    org,
    holdId: randomUUID(),
    leaseMs: minuteMs,
    waitedMs: 0,
    demand: costs(10),
    budgets: [],
    rates: [],
    concurrencies: [],
    note: { operation: 'createResponse', model: 'gpt-4o' },
    ...parts,
  };
}

export function budget(parts: Partial<BudgetLine> = {}): BudgetLine {
  return {
    budget: 'day',
    scope: '',
    window: every(dayMs),
    limit: { tokens: 100, nanoUsd: undefined },
    enforced: true,
    clamps: false,
    overshootRatio: undefined,
    ...parts,
  };
}

export function rate(parts: Partial<RateLine> = {}): RateLine {
  return {
    limit: 'requests',
    scope: '',
    unit: 'requests',
    perSecond: 0.01,
    burst: 3,
    waitUpToMs: 0,
    ...parts,
  };
}

export function concurrency(parts: Partial<ConcurrencyLine> = {}): ConcurrencyLine {
  return { limit: 'runs', scope: '', max: 1, waitUpToMs: 0, ...parts };
}

export function granted(decision: Decision): Granted {
  assert.equal(decision.kind, 'granted', JSON.stringify(decision));
  return decision as Granted;
}

export function denied(decision: Decision): Denied {
  assert.equal(decision.kind, 'denied', JSON.stringify(decision));
  return decision as Denied;
}

export function queued(decision: Decision): Queued {
  assert.equal(decision.kind, 'queued', JSON.stringify(decision));
  return decision as Queued;
}

/** Within what real time may have added. */
export function assertNearMs(actualMs: number, expectedMs: number): void {
  assert.ok(Math.abs(actualMs - expectedMs) <= driftMs, `${actualMs} ms is not near ${expectedMs} ms`);
}

/** Puts the store's clock shortly behind a boundary of windows, so that none ends while a test runs. */
export async function alignTo(under: LedgerUnderTest, lengthMs: number): Promise<void> {
  await under.ledger.windows(org);
  await under.advance(lengthMs - (under.ledger.nowMs() % lengthMs) + 1000);
  // A pod learns of it by the next answer.
  await under.ledger.windows(org);
}

/** The one window that is known of a budget. */
export async function windowOf(ledger: Ledger, name: string, scope = ''): Promise<WindowState> {
  const found = (await ledger.windows(org)).filter((each) => each.budget === name && each.scope === scope);
  assert.equal(found.length, 1, `${found.length} windows of ${name}`);
  return found[0] as WindowState;
}

export async function usedTokens(ledger: Ledger, name = 'day', scope = ''): Promise<number> {
  return (await windowOf(ledger, name, scope)).used.tokens;
}

export async function heldTokens(ledger: Ledger, name = 'day', scope = ''): Promise<number> {
  return (await windowOf(ledger, name, scope)).held.tokens;
}

/** Admits and settles at once. */
export async function spend(ledger: Ledger, tokens: number, parts: Partial<Admission> = {}): Promise<void> {
  const call = admission({ demand: costs(tokens), budgets: [budget()], ...parts });
  granted(await ledger.admit(call));
  const charge = { tokens, nanoUsd: 0 };
  await ledger.settle({ org: call.org, holdId: call.holdId, charge, estimated: false });
}
