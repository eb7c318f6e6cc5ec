import type { HoldNote } from '../ledger/admission.ts';
import type { Amounts } from '../ledger/amounts.ts';
import type { UpstreamWork } from '../ledger/settlement.ts';
import type { Span } from './windows.ts';

/** What a call holds until it is settled. */
export interface Hold {
  readonly org: string;
  readonly holdId: string;
  readonly note: HoldNote;
  /** The most that the call may cost. */
  readonly held: Amounts;
  readonly postings: readonly Posting[];
  readonly rates: readonly RatePosting[];
  readonly concurrencyKeys: readonly string[];
  readonly admittedAtMs: number;
  /** When its owner is taken for dead, so that it runs no longer. */
  readonly leaseEndMs: number;
  /** When it is handed out to be resolved: the end of its lease, of a claim, or the time to ask upstream. */
  readonly dueAtMs: number;
  readonly upstream: UpstreamWork | undefined;
}

/** Where a hold counts in one budget, and with how much. */
export interface Posting {
  readonly accountKey: string;
  readonly span: Span;
  /** Less than the hold where the budget is learned. */
  readonly held: Amounts;
}

/** A rate whose tokens were counted as held. */
export interface RatePosting {
  readonly bucketKey: string;
  readonly perSecond: number;
}

/** That, and at what, a hold was settled. */
export interface Tombstone {
  readonly holdId: string;
  /** By which news of an estimate may come; undefined if none can. */
  readonly upstreamKey: string | undefined;
  readonly hold: SettledHold;
  readonly charged: Amounts;
  readonly estimated: boolean;
  readonly forgetAtMs: number;
}

export interface SettledHold {
  readonly note: HoldNote | undefined;
  readonly held: Amounts;
  readonly postings: readonly Posting[];
  readonly rates: readonly RatePosting[];
}
