/**
 * The port that every store of budgets and limits implements, and what it promises (`L1` and so on are
 * explained in docs/ledger.md):
 *
 * - every decision is one atomic step and one round trip (L1). What nobody waits for may take more: a settlement of
 *   a hold that the store has forgotten, a look at all windows;
 * - a budget's settled and held amounts never exceed its limit, unless an upstream billed more than a hold, or
 *   by the stated part of a `learned` budget (L2);
 * - a denial holds nothing, and a hold ends in exactly one charge (L1, L4);
 * - the store's clock decides, never that of a pod (L5).
 *
 * Every method rejects with `StoreUnavailable`, and with nothing else, within the configured time.
 */
import type { Admission, BudgetState, Decision, HoldNote } from './admission.ts';
import type { Amounts } from './amounts.ts';
import type { Deferral, DeferredSettlement, Settled, Settlement, UpstreamWork } from './settlement.ts';

export interface Ledger {
  /** Checks and holds all that matches a call, or holds nothing. Sent once for each `holdId`, except after `queued`. */
  admit(admission: Admission): Promise<Decision>;
  /** Keeps the holds of a living owner from lapsing: their leases end `leaseMs` from now. Holds that are unknown or deferred are skipped. */
  renew(renewal: Renewal): Promise<void>;
  /** Ends a hold. However often and by whomever it is called, a hold is charged once. */
  settle(settlement: Settlement): Promise<Settled>;
  /**
   * From now on whoever knows the upstream's id may settle the hold, and `claimDue` hands it out first after
   * `pollAfterMs`. False if the hold is settled already.
   */
  defer(deferral: Deferral): Promise<boolean>;
  /** Settles the hold that was deferred under this id of the upstream; undefined if there is none (any more). */
  settleDeferred(settlement: DeferredSettlement): Promise<Settled | undefined>;
  /**
   * Hands out up to `max` holds whose lease has ended (their owner crashed) or that are due to be asked about
   * upstream. Each is handed to one caller, until `claimMs` have passed without its being settled or deferred.
   */
  claimDue(claim: Claim): Promise<DueHold[]>;
  /** Gives up the places that a queued admission has in the queues for concurrency. */
  leaveQueue(admission: Pick<Admission, 'org' | 'holdId' | 'concurrencies'>): Promise<void>;
  /**
   * Every budget's windows that the store knows of and that haven't ended. Of many thousands it is told in several
   * steps, each within the configured time.
   */
  windows(org: string): Promise<WindowState[]>;
  /**
   * Sets what was used in the current windows of a budget to zero; what is held stays held. With a scope, only
   * in that one. Resolves to the number of windows.
   */
  reset(org: string, budget: string, scope?: string): Promise<number>;
  /** The store's clock as last seen, in milliseconds since 1970. */
  nowMs(): number;
  /** False if there is no connection just now, and whatever is asked would have to wait for one. */
  isReachable(): boolean;
  close(): Promise<void>;
}

export interface Renewal {
  readonly org: string;
  readonly leaseMs: number;
  readonly holdIds: readonly string[];
}

export interface Claim {
  readonly org: string;
  readonly max: number;
  readonly claimMs: number;
}

export interface DueHold {
  readonly holdId: string;
  readonly note: HoldNote;
  readonly held: Amounts;
  readonly admittedAtMs: number;
  /** Absent if the hold was not deferred: its owner is gone. */
  readonly upstream: UpstreamWork | undefined;
}

export interface WindowState extends BudgetState {
  readonly budget: string;
  readonly scope: string;
  readonly windowCode: string;
}
