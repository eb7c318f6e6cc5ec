import { ProxyError } from '../../errors.ts';
import type { CallTrace } from '../../telemetry/tracing.ts';
import type { ApiCall, ApiHandler } from '../api-call.ts';
import { noSuch } from '../no-such.ts';
import { readList, readPageRequest } from '../objects/pages.ts';
import { readParams } from '../params/read-params.ts';
import { runUpdateParams } from '../params/run-params.ts';
import { parseRecord, runIn, threadIn } from '../store/parse-record.ts';
import { modify, untilCommitted } from '../store/read-write.ts';
import { type RunRecord, lists, threadPartition, workOf } from '../store/records.ts';
import type { AssistantStore } from '../store/store.ts';
import type { Run } from '../wire.ts';
import { type BeginRunsParts, createBeginRuns } from './begin-runs.ts';
import type { RunEngine } from './run-engine.ts';
import { linkToRun } from './run-span.ts';
import { follow, isTerminal } from './run-states.ts';

/** The handlers of runs, by the names of their operations. */
export function createRunHandlers(parts: Omit<BeginRunsParts, 'cancel'>): Record<string, ApiHandler> {
  const { store, engine, nowMs } = parts;
  const cancel: BeginRunsParts['cancel'] = (identity, threadId, runId, trace) =>
    cancelRun(store, engine, { org: identity.org, threadId, runId, trace });
  const begin = createBeginRuns({ ...parts, cancel });
  return {
    'threads.runs.create': begin.createRun,
    'threads.createAndRun': begin.createThreadAndRun,
    'threads.runs.submitToolOutputs': begin.submitToolOutputs,

    async 'threads.runs.retrieve'(call) {
      const { run } = await readRun(store, call);
      return { kind: 'object', value: run, headers: pollHeaders(run, nowMs()) };
    },

    async 'threads.runs.list'({ identity, ids: [threadId = ''], query }) {
      const source = {
        partition: threadPartition(identity.org, threadId),
        list: lists.runs,
        kind: 'run' as const,
        threadId,
      };
      const value = await readList(
        store,
        source,
        readPageRequest(query),
        (document) => parseRecord<RunRecord>(document).run,
      );
      return { kind: 'object', value };
    },

    async 'threads.runs.update'(call) {
      const { metadata } = readParams(runUpdateParams, call.body);
      const [threadId = '', runId = ''] = call.ids;
      const partition = threadPartition(call.identity.org, threadId);
      const before = await readRun(store, call);
      if (metadata === undefined) return { kind: 'object', value: before.run };
      const changed = await modify<RunRecord>(store, partition, runId, (record) => ({
        ...record,
        run: { ...record.run, metadata: metadata ?? {} },
      }));
      if (!changed) throw noSuch('run', runId);
      return { kind: 'object', value: changed.run };
    },

    async 'threads.runs.cancel'({ identity, ids: [threadId = '', runId = ''], trace }) {
      return { kind: 'object', value: await cancel(identity, threadId, runId, trace) };
    },
  };
}

async function readRun(store: AssistantStore, { identity, ids, trace }: ApiCall): Promise<RunRecord> {
  const [threadId = '', runId = ''] = ids;
  const [thread, run] = await store.get(threadPartition(identity.org, threadId), [threadId, runId]);
  if (!threadIn(thread)) throw noSuch('thread', threadId);
  const record = runIn(run);
  if (!record) throw noSuch('run', runId);
  linkToRun(trace, record);
  return record;
}

/** Overrides the five seconds of the SDKs' poll helpers: soon at first, then as often as matters. */
function pollHeaders({ status, created_at }: Run, nowMs: number): Record<string, string> {
  if (isTerminal(status) || status === 'requires_action') return {};
  const ageMs = nowMs - created_at * 1000;
  return { 'openai-poll-after-ms': String(Math.round(Math.max(100, Math.min(1000, ageMs / 4)))) };
}

interface Cancelled {
  readonly org: string;
  readonly threadId: string;
  readonly runId: string;
  readonly trace: CallTrace | undefined;
}

/**
 * Says that a run is to be cancelled: whoever carries it on ends it then. Resolves to the run as `cancelling`; rejects
 * with `wrong_run_status` if it is too late, or it is being cancelled already.
 */
async function cancelRun(
  store: AssistantStore,
  engine: RunEngine,
  { org, threadId, runId, trace }: Cancelled,
): Promise<Run> {
  const partition = threadPartition(org, threadId);
  return untilCommitted(async () => {
    const [thread, found] = await store.get(partition, [threadId, runId]);
    if (!threadIn(thread)) throw noSuch('thread', threadId);
    const record = runIn(found);
    if (!found || !record) throw noSuch('run', runId);
    linkToRun(trace, record);
    const cancelled = toCancel(record);
    if (!cancelled) {
      const message = `Cannot cancel run with status '${record.run.status}'.`;
      throw new ProxyError('wrong_run_status', { message });
    }
    // Nobody carries on a run that waits for its application.
    const isIdle = record.run.status === 'requires_action';
    const next = isIdle ? { ...cancelled, owner: engine.newOwner() } : cancelled;
    if (isIdle) await store.schedule(org, workOf(threadId, runId), engine.leaseMs);
    const { done } = await store.commit(partition, {
      conditions: [{ id: runId, is: found.version }],
      puts: [{ id: runId, body: JSON.stringify(next) }],
    });
    if (!done) return undefined;
    if (isIdle) engine.carryOn(org, next, found.version + 1, { link: trace?.span?.traceparent });
    // It is written: who is not told of it now finds it with the next thing that it writes.
    else await engine.look(org, next).catch(() => {});
    return next.run;
  });
}

/** A run that may be cancelled: what its record becomes; undefined if it is too late, or is going on already. */
function toCancel(record: RunRecord): RunRecord | undefined {
  const status = follow(record.run.status, 'cancel');
  return status && { ...record, run: { ...record.run, status } };
}
