/** How a hold ends. */
import type { BudgetLine, HoldNote, RateLine } from './admission.ts';
import type { Amounts } from './amounts.ts';

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
