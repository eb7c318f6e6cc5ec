import type { BudgetReport } from '../ledger/budget-report.ts';
import type { Burn } from '../ledger/burn.ts';
import type { Activity, RefusalGroup, ToldIdentity } from '../telemetry/activity.ts';
import { type Latest, latestOf } from './latest.ts';
import type {
  BudgetStatus,
  BudgetsStatus,
  LiveCallStatus,
  RefusalStatus,
  RunStatus,
  Status,
  StoreStatus,
  UpstreamStatus,
} from './status.ts';
import { judge } from './verdict.ts';

export interface StatusParts {
  readonly version: string;
  readonly pod: string;
  readonly isReady: () => boolean;
  readonly activity: Activity;
  readonly upstreams: () => readonly UpstreamStatus[];
  /** Those that this pod carries on. */
  readonly runs: () => readonly ConductedRun[];
  /** Undefined while nothing is budgeted. */
  readonly ledger: () => LedgerParts | undefined;
  /** Rejects if the store of assistants doesn't answer; undefined if there is none. */
  readonly askAssistants: (() => Promise<unknown>) | undefined;
  readonly storeKind: 'redis' | 'embedded';
  /** As YAML, secrets hidden. */
  readonly configuration: () => string;
  readonly followed: () => FollowedFile;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface ConductedRun extends Omit<RunStatus, 'ageMs'> {
  readonly createdAtMs: number;
}

interface FollowedFile {
  readonly file: string | undefined;
  readonly enactedAtMs: number;
  readonly refusal: string | undefined;
  readonly waiting: readonly string[];
}

export interface LedgerParts {
  readonly budgets: () => Promise<readonly BudgetReport[]>;
  readonly pendingCharges: () => number;
  readonly burn: Burn;
  readonly onOutage: 'deny' | 'allow';
}

/** More is nothing that a person reads. */
const maxRows = 100;

/** Puts together what the console shows, as often as somebody asks for it. */
export function reportStatus(parts: StatusParts): () => Promise<Status> {
  const { activity, storeKind, now } = parts;
  const startedAt = iso(now());
  let readBudgets: (() => Promise<Latest<readonly BudgetReport[]>>) | undefined;
  const readAssistants = parts.askAssistants && latestOf(parts.askAssistants, { now });

  return async () => {
    const ledger = parts.ledger();
    if (ledger) readBudgets ??= latestOf(ledger.budgets, { now });
    const [budgets, assistants] = await Promise.all([readBudgets?.(), readAssistants?.()]);
    const stores: StoreStatus[] = [];
    if (budgets) stores.push({ name: 'ledger', ...storeOf(budgets), ...chargesOf(ledger) });
    if (assistants) stores.push({ name: 'assistants', ...storeOf(assistants), ...chargesOf(undefined) });
    const runs = parts.runs();
    const told = {
      sidecar: {
        version: parts.version,
        pod: parts.pod,
        now: iso(now()),
        startedAt,
        isReady: parts.isReady(),
      },
      traffic: activity.traffic(),
      budgets: budgetsOf(budgets?.value ?? [], ledger),
      calls: { total: activity.liveCount(), rows: liveCalls() },
      runs: { total: runs.length, rows: runs.slice(0, maxRows).map(runStatus) },
      refusals: activity.refusals().map(refusalStatus),
      upstreams: parts.upstreams(),
      stores,
      followed: followedStatus(parts.followed()),
    };
    return { verdict: judge(told), ...told, configuration: parts.configuration() };
  };

  function storeOf({ problem, tookMs }: Latest<unknown>) {
    return {
      kind: storeKind,
      isUp: problem === undefined,
      problem: problem ?? null,
      tookMs: Math.round(tookMs * 10) / 10,
    };
  }

  function budgetsOf(reports: readonly BudgetReport[], ledger: LedgerParts | undefined): BudgetsStatus {
    const fullest = reports.toSorted((a, b) => usedShare(b) - usedShare(a)).slice(0, maxRows);
    return { total: reports.length, rows: fullest.map((report) => budgetStatus(report, ledger!.burn)) };
  }

  function budgetStatus(report: BudgetReport, burn: Burn): BudgetStatus {
    const { perHour, overSeconds, goneAtMs, isRolling, history } = burn.forecast(report);
    return {
      ...report,
      isRolling,
      perHour,
      rateOverSeconds: overSeconds,
      goneAt: goneAtMs === undefined ? null : iso(goneAtMs),
      history: history.map(({ atMs, used }) => [Math.round((now() - atMs) / 1000), used] as const),
    };
  }

  function liveCalls(): LiveCallStatus[] {
    const atMs = performance.now();
    return activity.live(maxRows).map(({ requestId, operation, startedAtMs, record }) => ({
      requestId,
      operation,
      model: record.model,
      stage: record.stage,
      ageMs: Math.round(atMs - startedAtMs),
      ...(record.identity ?? nobody),
    }));
  }

  function runStatus({ createdAtMs, ...run }: ConductedRun): RunStatus {
    return { ...run, ageMs: Math.max(0, now() - createdAtMs) };
  }
}

function followedStatus({ file, enactedAtMs, refusal, waiting }: FollowedFile): Status['followed'] {
  return { file: file ?? null, enactedAt: iso(enactedAtMs), refusal: refusal ?? null, waiting };
}

const nobody: ToldIdentity = { org: '', team: '', app: '', user: '' };

function chargesOf(ledger: LedgerParts | undefined): Pick<StoreStatus, 'pendingCharges' | 'onOutage'> {
  return { pendingCharges: ledger?.pendingCharges() ?? 0, onOutage: ledger?.onOutage ?? 'deny' };
}

function refusalStatus({ firstAtMs, lastAtMs, latest, rule, ...group }: RefusalGroup): RefusalStatus {
  return {
    ...group,
    rule: rule ?? null,
    firstAt: iso(firstAtMs),
    lastAt: iso(lastAtMs),
    latest: latest.map(({ atMs, requestId, identity = nobody, message, model }) => ({
      at: iso(atMs),
      requestId: requestId ?? null,
      message,
      model,
      ...identity,
    })),
  };
}

function usedShare({ used, held, limit }: BudgetReport): number {
  return limit === 0 ? 1 : (used + held) / limit;
}

function iso(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
