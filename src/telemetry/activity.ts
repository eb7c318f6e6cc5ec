import { createRecentSums, stepMs } from './recent-sums.ts';

/** What happens in this pod just now, and what was refused lately: for people who look, in bounded memory. */
export interface Activity {
  begun(call: LiveCall): void;
  ended(call: LiveCall, how: 'well' | 'failed' | 'refused'): void;
  /** Also of what never became a call. */
  refused(refusal: Refusal): void;
  /** The oldest, at most `max` of them. */
  live(max: number): readonly LiveCall[];
  liveCount(): number;
  /** What was refused for the same reason stands together; the latest first. */
  refusals(): RefusalGroup[];
  traffic(): Traffic;
}

/** It is held as long as the call runs, and read when somebody looks: nothing is copied for it. */
export interface LiveCall {
  readonly requestId: string;
  readonly operation: string;
  /** On `performance.now()`'s clock. */
  readonly startedAtMs: number;
  readonly record: {
    readonly stage: CallStage;
    /** As it may be told. */
    readonly identity: ToldIdentity | undefined;
    readonly model: string;
  };
}

/** As an exchange's record has it. */
export type CallStage = 'reading' | 'waiting' | 'sent' | 'answering';

export interface ToldIdentity {
  readonly org: string;
  readonly team: string;
  readonly app: string;
  readonly user: string;
}

export interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly operation: string;
  /** The budget or limit that refused. */
  readonly rule: string | undefined;
  /** The sidecar's own words, which quote nothing of the request. */
  readonly message: string;
  readonly requestId: string | undefined;
  readonly model: string;
  readonly identity: ToldIdentity | undefined;
}

export interface RefusalGroup {
  readonly code: string;
  readonly status: number;
  readonly operation: string;
  readonly rule: string | undefined;
  /** Since `firstAtMs`. */
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The latest first. */
  readonly latest: readonly (Pick<Refusal, 'requestId' | 'message' | 'model' | 'identity'> & {
    readonly atMs: number;
  })[];
}

/** The last five minutes, oldest step first. */
export interface Traffic {
  readonly stepSeconds: number;
  readonly ended: readonly number[];
  readonly refused: readonly number[];
  readonly failed: readonly number[];
}

/** Codes, operations and rules are closed sets, but their product is large. */
const maxGroups = 50;
const keptOfGroup = 5;

interface MutableGroup extends Omit<RefusalGroup, 'count' | 'lastAtMs' | 'latest'> {
  count: number;
  lastAtMs: number;
  latest: RefusalGroup['latest'][number][];
}

const columnOf = { ended: 0, refused: 1, failed: 2 };

/** @param unixMs milliseconds since 1970. */
export function createActivity(unixMs: () => number): Activity {
  /** In the order of their coming. */
  const calls = new Set<LiveCall>();
  /** The one that was added to last stands last. */
  const groups = new Map<string, MutableGroup>();
  const traffic = createRecentSums({ columns: 3, nowMs: unixMs });

  return {
    begun: (call) => void calls.add(call),
    ended(call, how) {
      calls.delete(call);
      traffic.add(columnOf.ended);
      if (how !== 'well') traffic.add(columnOf[how]);
    },
    refused(refusal) {
      const { code, status, operation, rule, requestId, message, model, identity } = refusal;
      const key = `${code} ${rule ?? ''} ${operation}`;
      const atMs = unixMs();
      const group = groups.get(key) ?? {
        code,
        status,
        operation,
        rule,
        count: 0,
        firstAtMs: atMs,
        lastAtMs: atMs,
        latest: [],
      };
      group.count += 1;
      group.lastAtMs = atMs;
      group.latest.unshift({ atMs, requestId, message, ...copyOf({ model, identity }) });
      if (group.latest.length > keptOfGroup) group.latest.pop();
      groups.delete(key);
      groups.set(key, group);
      if (groups.size > maxGroups) groups.delete(groups.keys().next().value!);
    },
    live: (max) => calls.values().take(max).toArray(),
    liveCount: () => calls.size,
    refusals: () =>
      [...groups.values()].toReversed().map((group) => ({ ...group, latest: [...group.latest] })),
    traffic: () => ({
      stepSeconds: stepMs / 1000,
      ended: traffic.series(columnOf.ended),
      refused: traffic.series(columnOf.refused),
      failed: traffic.series(columnOf.failed),
    }),
  };
}

/** V8's slices hold on to what they are cut from, which may be a caller's whole body. */
function copyOf<Names extends Pick<Refusal, 'model' | 'identity'>>(names: Names): Names {
  return JSON.parse(JSON.stringify(names)) as Names;
}
