import type { Ledger, WindowState } from '../ledger/ledger.ts';
import type { Settlement } from '../ledger/settlement.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { admit } from './admit.ts';
import { checkCharge } from './check-charge.ts';
import { claimDue, defer, renew } from './leases.ts';
import { openLedgerFile, type ResetRequest } from './ledger-file.ts';
import type { Ownership } from './own-directory.ts';
import { settle } from './settle.ts';
import { createState, type LedgerState } from './state.ts';
import { sweep } from './sweep.ts';
import { keyOf } from './table.ts';
import { resetWindows, windowsOf } from './windows.ts';

export interface EmbeddedLedgerOptions {
  /** Created if it isn't there. One sidecar may run on it. */
  readonly stateDir: string;
  /** Of a directory that is shared with other stores of this process; without it, it is the ledger's alone. */
  readonly own?: () => Ownership;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told when a write fails, and not again before one has succeeded. What failed is written later. */
  onError(error: unknown): void;
  /** Told when what a command asked for was done. */
  onReset?(reset: BudgetReset): void;
  readonly writeEveryMs?: number;
}

export interface BudgetReset extends ResetRequest {
  readonly windows: number;
}

const sweepEveryMs = 60_000;

/**
 * The ledger of a sidecar without Redis. Memory decides, without waiting for the disk; a file follows it every
 * `writeEveryMs`, so a crash loses what was decided since. Throws an Error that says what to do if the file
 * can't be opened.
 */
export function createEmbeddedLedger(options: EmbeddedLedgerOptions): Ledger {
  const { stateDir, own, now, onError, writeEveryMs = 250 } = options;
  const file = openLedgerFile(stateDir, own);
  const state = createState(file.rowsOf);
  const tables = [state.accounts, state.buckets, state.holds, state.tombstones];
  let sweptAtMs = now();
  let lastRequestId = 0;
  let isFailing = false;
  let isClosed = false;

  function write(): void {
    const nowMs = now();
    if (Math.abs(nowMs - sweptAtMs) >= sweepEveryMs) {
      sweep(state, nowMs);
      sweptAtMs = nowMs;
    }
    try {
      const requests = file.requestsAfter(lastRequestId);
      for (const { id, org, budget, scope } of requests) {
        const windows = reset(state, org, budget, scope, nowMs);
        lastRequestId = id;
        options.onReset?.({ org, budget, ...(scope === undefined ? {} : { scope }), windows });
      }
      file.write(tables, requests);
      isFailing = false;
    } catch (error) {
      if (!isFailing) onError(error);
      isFailing = true;
    }
  }

  /** Every method is one synchronous step: nothing comes between its looking and its changing. */
  async function step<Result>(decide: (nowMs: number) => Result): Promise<Result> {
    if (isClosed) throw new StoreUnavailable('it was closed');
    return decide(now());
  }

  write();
  const writing = setInterval(write, writeEveryMs).unref();

  return {
    admit: (admission) => step((nowMs) => admit(state, admission, nowMs)),
    renew: (renewal) => step((nowMs) => renew(state, renewal, nowMs)),
    settle: (settlement) => step((nowMs) => checkAndSettle(state, settlement, nowMs)),
    defer: (deferral) => step((nowMs) => defer(state, deferral, nowMs)),
    settleDeferred: ({ org, upstreamId, charge, estimated }) =>
      step((nowMs) => {
        const holdId = state.upstreamIds.get(keyOf(org, upstreamId));
        if (holdId === undefined) return undefined;
        return checkAndSettle(state, { org, holdId, charge, estimated }, nowMs);
      }),
    claimDue: (claim) => step((nowMs) => claimDue(state, claim, nowMs)),
    leaveQueue: ({ org, holdId, concurrencies }) =>
      step(() => {
        const keys = concurrencies.map(({ limit, scope }) => keyOf(org, limit, scope));
        state.concurrency.leaveQueues(keys, holdId);
      }),
    windows: (org) => step((nowMs) => windowsIn(state, org, nowMs)),
    reset: (org, budget, scope) => step((nowMs) => reset(state, org, budget, scope, nowMs)),
    nowMs: now,
    isReachable: () => true,
    async close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(writing);
      write();
      file.close();
    },
  };
}

function checkAndSettle(state: LedgerState, settlement: Settlement, nowMs: number) {
  checkCharge(settlement.charge);
  return settle(state, settlement, nowMs);
}

function windowsIn(state: LedgerState, org: string, nowMs: number): WindowState[] {
  const accounts = [...state.accounts.values()].filter((account) => account.org === org);
  return accounts.flatMap((account) => windowsOf(account, nowMs));
}

/** Resolves to the number of windows that were reset. */
function reset(
  state: LedgerState,
  org: string,
  budget: string,
  scope: string | undefined,
  nowMs: number,
): number {
  let windows = 0;
  for (const [key, account] of state.accounts.entries()) {
    if (account.org !== org || account.budget !== budget) continue;
    if (scope !== undefined && account.scope !== scope) continue;
    windows += windowsOf(account, nowMs).filter(({ startMs }) => startMs <= nowMs).length;
    state.accounts.set(key, resetWindows(account, nowMs));
  }
  return windows;
}
