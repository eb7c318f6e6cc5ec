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
import type { Amounts, Unit } from './amounts.ts';

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

export interface Admission {
  /** All keys of one organisation live together. */
  readonly org: string;
  /** Unique for ever; chosen by the caller. */
  readonly holdId: string;
  /** How long the hold may live without being renewed. */
  readonly leaseMs: number;
  /** How long the call has waited already, for `waitUpToMs`. */
  readonly waitedMs: number;
  readonly demand: Demand;
  readonly budgets: readonly BudgetLine[];
  readonly rates: readonly RateLine[];
  readonly concurrencies: readonly ConcurrencyLine[];
  /** Kept with the hold for whoever has to settle it. */
  readonly note: HoldNote;
}

/**
 * What a call may cost at most: a fixed part, and so much for each token of output. Amounts are rounded up to
 * integers after `outputTokens` was multiplied in, and are at most `largestAmount`.
 */
export interface Demand {
  readonly fixed: Amounts;
  /** With several choices, that many times as much. May be fractional in nano-USD. */
  readonly perOutputToken: Amounts;
  /** The most output that was asked for. */
  readonly outputTokens: number;
  /** A clamp goes no lower than this; equal to `outputTokens` if the call can't be clamped. */
  readonly minOutputTokens: number;
  /** What such calls usually put out, for `learned` budgets; at most `outputTokens`. */
  readonly usualOutputTokens: number;
}

export interface BudgetLine {
  readonly budget: string;
  /** Whose share of the budget: `team=search`, empty for the organisation's one. At most 300 characters. */
  readonly scope: string;
  readonly window: Window;
  /** A unit without a limit is counted, and never denies. */
  readonly limit: { readonly [U in Unit]: number | undefined };
  /** False counts and reports, but never denies nor clamps (L9). */
  readonly enforced: boolean;
  /** Near the limit, lower the call's output rather than deny it (L7). */
  readonly clamps: boolean;
  /**
   * For `reserve: learned` (L7): the usual output is held in place of the largest, and the largest must fit into
   * the limit times `1 + overshootRatio`. Undefined for `reserve: full`.
   */
  readonly overshootRatio: number | undefined;
}

export type Window = CalendarWindow | RollingWindow;

export interface CalendarWindow {
  readonly kind: 'calendar';
  /** Tells windows of different kinds apart: `day@Europe/Berlin`. */
  readonly code: string;
  /**
   * The four ascending boundaries of the window that a time lies in, of the one before and of the one after:
   * `[before, start, end, after]` with `start <= atMs < end`. The store takes the one that its clock is in.
   */
  around(atMs: number): readonly [number, number, number, number];
}

/** Rolls in `rollingSteps` steps: an amount counts for at least `lengthMs`, and at most a step longer. */
export interface RollingWindow {
  readonly kind: 'rolling';
  /** `rolling:604800000`. */
  readonly code: string;
  readonly lengthMs: number;
}

export const rollingSteps = 60;

/**
 * GCRA, in its form as a leaky bucket that is a meter (ITU-T I.371): a level that drains at `perSecond` and to
 * which each call adds its cost; a call conforms if the level stays within `burst`. One that costs more than
 * `burst` conforms when the bucket is empty, so none is refused for ever. A clock that steps back drains
 * nothing.
 */
export interface RateLine {
  readonly limit: string;
  readonly scope: string;
  /** Tokens are counted as held, and put right when the hold is settled. */
  readonly unit: 'requests' | 'tokens';
  readonly perSecond: number;
  readonly burst: number;
  /** A call that conforms within this time is admitted at once, and told to wait: so calls keep their order. */
  readonly waitUpToMs: number;
}

export interface ConcurrencyLine {
  readonly limit: string;
  readonly scope: string;
  readonly max: number;
  /** A call that finds no place waits in the queue this long: see `Queued`. */
  readonly waitUpToMs: number;
}

/** A queue for concurrency takes no more than this many. */
export const maxQueued = 1000;

/** A place in a queue is lost by not asking again for this long. */
export const queuePlaceMs = 3000;

export interface HoldNote {
  readonly operation: string;
  readonly model: string;
}

export type Decision = Granted | Denied | Queued;

export interface Granted {
  readonly kind: 'granted';
  /** Of the demand, perhaps lowered. */
  readonly outputTokens: number;
  /** How long to wait before the call is made. */
  readonly delayMs: number;
  readonly held: Amounts;
  /** In the order of the admission's. */
  readonly budgets: readonly BudgetState[];
}

export interface Denied {
  readonly kind: 'denied';
  /** Position in the admission's list of that name. */
  readonly by:
    | { readonly list: 'budgets'; readonly index: number; readonly unit: Unit }
    /** `retryAfterMs`: when the same call would conform, if nothing else came. */
    | { readonly list: 'rates'; readonly index: number; readonly retryAfterMs: number }
    | { readonly list: 'concurrencies'; readonly index: number; readonly isQueueFull: boolean };
  readonly budgets: readonly BudgetState[];
}

/**
 * All places are taken; nothing is held, and the call has a place in the queue. Ask again, with the same
 * `holdId` and the time waited, within `queuePlaceMs`; `ahead` others are served first.
 */
export interface Queued {
  readonly kind: 'queued';
  readonly ahead: number;
}

export interface BudgetState {
  readonly startMs: number;
  /** Of a rolling window: now. */
  readonly endMs: number;
  readonly used: Amounts;
  /** Live holds, this call's among them if it was granted. */
  readonly held: Amounts;
}

export interface Renewal {
  readonly org: string;
  readonly leaseMs: number;
  readonly holdIds: readonly string[];
}

export interface Settlement {
  readonly org: string;
  readonly holdId: string;
  /** `hold`: all that was held, since nothing better is known. */
  readonly charge: Amounts | 'hold';
  /** A charge that is an estimate is put right by one that isn't, should that come within `tombstoneMs`. */
  readonly estimated: boolean;
  /**
   * What to charge, and where, should the store know nothing of the hold: it lost its memory, or was out of
   * reach when the call was let through (L8). Without it, an unknown hold charges nothing.
   */
  readonly unrecorded?: UnrecordedHold;
}

/** The settlement that charges nothing if the store doesn't know the hold, because it may have been settled. */
export function ifRecorded({ org, holdId, charge, estimated }: Settlement): Settlement {
  return { org, holdId, charge, estimated };
}

export interface UnrecordedHold {
  readonly budgets: readonly BudgetLine[];
  readonly rates: readonly RateLine[];
  readonly held: Amounts;
  /** The window of admission is the one that this time, on the store's clock, lies in. */
  readonly admittedAtMs: number;
}

export interface Settled {
  /**
   * `settled`: the usual. `corrected`: an estimate was put right. `recovered`: of an unrecorded hold.
   * `duplicate`: it was settled before, and nothing has changed.
   */
  readonly kind: 'settled' | 'corrected' | 'recovered' | 'duplicate';
  readonly held: Amounts;
  /** What the hold is charged now, in all. */
  readonly charged: Amounts;
  /** Beyond the hold: what the upstream billed and nobody foresaw. */
  readonly overrun: Amounts;
  readonly note: HoldNote | undefined;
  readonly budgets: readonly SettledBudget[];
}

export interface SettledBudget {
  readonly budget: string;
  readonly scope: string;
  readonly startMs: number;
  /** Before and after this charge, atomically: who crosses a threshold sees it, and nobody else. */
  readonly usedBefore: Amounts;
  readonly usedAfter: Amounts;
}

/** How long it is remembered that, and at what, a hold was settled. */
export const tombstoneMs = 600_000;
/** The same for holds that were deferred or charged by estimate, of which news may come late. */
export const lateNewsMs = 172_800_000;

export interface Deferral {
  readonly org: string;
  readonly holdId: string;
  readonly upstream: UpstreamWork;
  readonly pollAfterMs: number;
}

/** Work that goes on upstream after its request has been answered. */
export interface UpstreamWork {
  /** `resp_...`, `batch_...`, `run_...`: unique within the organisation. */
  readonly id: string;
  /** Where to ask for it, below the API's prefix: `/responses/resp_1`. */
  readonly path: string;
}

export interface DeferredSettlement {
  readonly org: string;
  readonly upstreamId: string;
  readonly charge: Amounts | 'hold';
  readonly estimated: boolean;
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
