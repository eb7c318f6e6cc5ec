/** What a call asks of the store of budgets and limits, and what that decides. */
import type { Amounts, Unit } from './amounts.ts';

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
