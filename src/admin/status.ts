import type { BudgetReport } from '../ledger/budget-report.ts';
import type { CallStage, RefusalGroup, ToldIdentity, Traffic } from '../telemetry/activity.ts';
import type { RecentAttempts } from '../telemetry/upstream-health.ts';

/** Everything that the console shows, as `GET /status` tells it. Times are ISO 8601 in UTC. */
export interface Status {
  readonly verdict: Verdict;
  readonly sidecar: {
    readonly version: string;
    readonly pod: string;
    readonly now: string;
    readonly startedAt: string;
    /** False while it drains. */
    readonly isReady: boolean;
  };
  readonly traffic: Traffic;
  readonly budgets: BudgetsStatus;
  readonly calls: { readonly total: number; readonly rows: readonly LiveCallStatus[] };
  readonly runs: { readonly total: number; readonly rows: readonly RunStatus[] };
  readonly refusals: readonly RefusalStatus[];
  readonly upstreams: readonly UpstreamStatus[];
  readonly stores: readonly StoreStatus[];
  /** How what is in effect stands to the configuration's file. */
  readonly followed: {
    /** Null if there is none. */
    readonly file: string | null;
    /** Since when it is in effect. */
    readonly enactedAt: string;
    /** Why what the file holds now is not; null if it is. */
    readonly refusal: string | null;
    /** Keys that were changed and wait for the next start. */
    readonly waiting: readonly string[];
  };
  /** As YAML, secrets hidden: what `npm start -- check` shows. */
  readonly configuration: string;
}

export interface BudgetsStatus {
  /** Of scopes and units that the store knows; the fullest are in `rows`. */
  readonly total: number;
  readonly rows: readonly BudgetStatus[];
}

export interface BudgetStatus extends BudgetReport {
  readonly isRolling: boolean;
  readonly perHour: number;
  /** How much of the time before now the rate is the mean of. */
  readonly rateOverSeconds: number;
  /** When it will be used up at this rate; null if it lasts. */
  readonly goneAt: string | null;
  /** Seconds before now, and what was used then; oldest first. */
  readonly history: readonly (readonly [agoSeconds: number, used: number])[];
}

export interface LiveCallStatus extends ToldIdentity {
  readonly requestId: string;
  readonly operation: string;
  readonly model: string;
  readonly stage: CallStage;
  readonly ageMs: number;
}

export interface RunStatus extends ToldIdentity {
  readonly runId: string;
  readonly threadId: string;
  readonly status: string;
  readonly model: string;
  readonly ageMs: number;
}

export interface RefusalStatus extends Omit<RefusalGroup, 'firstAtMs' | 'lastAtMs' | 'latest' | 'rule'> {
  readonly rule: string | null;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly latest: readonly RefusedCall[];
}

interface RefusedCall extends ToldIdentity {
  readonly at: string;
  readonly requestId: string | null;
  readonly message: string;
  readonly model: string;
}

export interface UpstreamStatus extends RecentAttempts {
  readonly name: string;
  readonly origin: string;
  readonly circuit: 'closed' | 'open' | 'halfOpen';
  /** While the circuit is open: how long until a call may try again. */
  readonly refusedForMs: number | null;
  readonly running: number;
  readonly waiting: number;
}

export interface StoreStatus {
  readonly name: 'ledger' | 'assistants';
  readonly kind: 'redis' | 'embedded';
  readonly isUp: boolean;
  readonly problem: string | null;
  readonly tookMs: number;
  /** Charges that it has not confirmed yet. */
  readonly pendingCharges: number;
  /** What happens to calls meanwhile. */
  readonly onOutage: 'deny' | 'allow';
}

/** Whether something is wrong, and what, for somebody who has five seconds. */
export interface Verdict {
  /** `watch`: nothing fails yet, or only a little does. */
  readonly level: 'well' | 'watch' | 'trouble';
  readonly headline: string;
  /** The worst first. */
  readonly problems: readonly Problem[];
}

export interface Problem {
  readonly level: 'watch' | 'trouble';
  readonly text: string;
  /** Where on the page there is more of it. */
  readonly section: 'sidecar' | 'configuration' | 'budgets' | 'calls' | 'refusals' | 'upstreams' | 'stores';
}
