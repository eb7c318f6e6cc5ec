import { ProxyError } from '../../errors.ts';
import type { Identity } from '../../exchange.ts';
import type { CallTrace, Tracing } from '../../telemetry/tracing.ts';
import type { ApiAnswer, ApiCall, ApiHandler } from '../api-call.ts';
import type { NewId } from '../ids.ts';
import type { ModelPort } from '../models/model-call.ts';
import { noSuch } from '../no-such.ts';
import { includesSearchContent } from '../objects/include.ts';
import { type PrepareMessages, messagePut } from '../objects/prepare-messages.ts';
import type { PrepareThread } from '../objects/prepare-thread.ts';
import { readParams } from '../params/read-params.ts';
import {
  type RunParams,
  type ThreadAndRunParams,
  runParams,
  threadAndRunParams,
  toolOutputsParams,
} from '../params/run-params.ts';
import { assistantIn, parseRecord, runIn, threadIn } from '../store/parse-record.ts';
import { untilCommitted } from '../store/read-write.ts';
import {
  type AssistantRecord,
  type LockRecord,
  type RunRecord,
  assistantsOf,
  lockId,
  threadPartition,
  workOf,
} from '../store/records.ts';
import type { AssistantStore } from '../store/store.ts';
import type { StreamEvent } from '../wire-events.ts';
import type { Run, Thread } from '../wire.ts';
import { type RunDefaults, toRunRecord } from './create-run.ts';
import type { RunEngine } from './run-engine.ts';
import { runPuts, stepPut } from './run-puts.ts';
import { linkToRun } from './run-span.ts';
import { createRunStream } from './run-stream.ts';
import { type Work, withWork } from './schedule-run.ts';
import { submitOutputs } from './submit-outputs.ts';

export interface BeginRunsParts {
  readonly store: AssistantStore;
  readonly engine: RunEngine;
  readonly model: ModelPort;
  readonly prepareMessages: PrepareMessages;
  readonly prepareThread: PrepareThread;
  readonly cancel: (
    identity: Identity,
    threadId: string,
    runId: string,
    trace: CallTrace | undefined,
  ) => Promise<Run>;
  /** Undefined: no traces are made. */
  readonly tracing?: Tracing | undefined;
  readonly newId: NewId;
  readonly nowMs: () => number;
  readonly expireAfterSeconds: number;
  readonly onStreamLeft: 'cancel' | 'continue';
  readonly defaults: () => RunDefaults;
}

export interface BeginRuns {
  readonly createRun: ApiHandler;
  readonly createThreadAndRun: ApiHandler;
  readonly submitToolOutputs: ApiHandler;
}

/** What sets a run going: its creation, and the outputs that it waits for. */
export function createBeginRuns(parts: BeginRunsParts): BeginRuns {
  const { store, engine, model, nowMs } = parts;
  const scheduling = { ...parts, leaseMs: engine.leaseMs };

  return {
    async createRun(call) {
      const params = readParams(runParams, call.body);
      const [threadId = ''] = call.ids;
      return withWork(scheduling, call, threadId, (work) => createRun(call, threadId, work, params));
    },

    async createThreadAndRun(call) {
      const params = readParams(threadAndRunParams, call.body);
      const assistant = await readAssistant(call.identity.org, params.assistant_id);
      refuseTools(params, assistant);
      const { record, puts } = await parts.prepareThread(call, {
        ...params.thread,
        ...(params.tool_resources && { tool_resources: params.tool_resources }),
      });
      const { thread } = record;
      return withWork(scheduling, call, thread.id, async (work) => {
        const run = newRun(call, work, params, assistant, thread);
        await work.scheduled();
        await store.commit(threadPartition(call.identity.org, thread.id), {
          puts: [...puts, ...runPuts(run)],
        });
        const created = { event: 'thread.created' as const, data: thread };
        return begun(call, { run, trace: work.trace }, 1, params.stream === true, [
          created,
          ...createdEvents(run),
        ]);
      });
    },

    async submitToolOutputs(call) {
      const params = readParams(toolOutputsParams, call.body);
      const [threadId = '', runId = ''] = call.ids;
      const { org } = call.identity;
      const partition = threadPartition(org, threadId);
      // A name that is no run's would be work that nobody can do.
      const isRunId = runId.startsWith('run_');
      const scheduled = isRunId && store.schedule(org, workOf(threadId, runId), engine.leaseMs);
      return untilCommitted(async () => {
        const [[thread, found]] = await Promise.all([store.get(partition, [threadId, runId]), scheduled]);
        if (!threadIn(thread)) throw noSuch('thread', threadId);
        const waiting = isRunId ? runIn(found) : undefined;
        if (!found || !waiting) throw noSuch('run', runId);
        linkToRun(call.trace, waiting);
        const { record, step } = submitOutputs(waiting, params, engine.newOwner(), nowMs());
        const prompt = engine.prepare(org, record, call.trace);
        const { done } = await store.commit(partition, {
          conditions: [{ id: runId, is: found.version }],
          puts: [{ id: runId, body: JSON.stringify(record) }, stepPut(step)],
        });
        if (!done) return undefined;
        return begun(call, { run: record, prompt }, found.version + 1, params.stream === true, [
          { event: 'thread.run.step.completed', data: step },
          { event: 'thread.run.queued', data: record.run },
        ]);
      });
    },
  };

  async function createRun(
    call: ApiCall,
    threadId: string,
    work: Work,
    params: RunParams,
  ): Promise<ApiAnswer> {
    const { org } = call.identity;
    const partition = threadPartition(org, threadId);
    return untilCommitted(async () => {
      const [[found, lock], assistant] = await Promise.all([
        store.get(partition, [threadId, lockId]),
        readAssistant(org, params.assistant_id).catch((error: Error) => error),
      ]);
      const stored = threadIn(found);
      if (!found || !stored) throw noSuch('thread', threadId);
      if (lock) throw locked(threadId, parseRecord<LockRecord>(lock).runId);
      if (assistant instanceof Error) throw assistant;
      refuseTools(params, assistant);
      const { records, toolResources } = params.additional_messages
        ? await parts.prepareMessages(call, stored.thread, params.additional_messages)
        : { records: [] };
      const thread = toolResources ? { ...stored.thread, tool_resources: toolResources } : stored.thread;
      const run = newRun(call, work, params, assistant, thread);
      const threadPut = { id: threadId, body: JSON.stringify({ ...stored, thread }) };
      await work.scheduled();
      // What was said before is read while the run is written; what is said with it would be missed.
      const prompt = records.length === 0 ? engine.prepare(org, run, work.trace) : undefined;
      const { done } = await store.commit(partition, {
        conditions: [
          { id: threadId, is: toolResources ? found.version : 'present' },
          { id: lockId, is: 'absent' },
        ],
        puts: [...runPuts(run), ...records.map(messagePut), ...(toolResources ? [threadPut] : [])],
      });
      if (!done) return undefined;
      const begins = { run, prompt, trace: work.trace };
      return begun(call, begins, 1, params.stream === true, createdEvents(run));
    });
  }

  async function readAssistant(org: string, id: string): Promise<AssistantRecord> {
    const [found] = await store.get(assistantsOf(org), [id]);
    const assistant = assistantIn(found);
    if (!assistant) throw noSuch('assistant', id);
    return assistant;
  }

  function refuseTools(params: RunParams | ThreadAndRunParams, assistant: AssistantRecord): void {
    const refusal = model.refusalOf((params.tools as Run['tools'] | undefined) ?? assistant.tools);
    if (refusal !== undefined) throw new ProxyError('unsupported_tool', { message: refusal, param: 'tools' });
  }

  function newRun(
    { identity, query }: ApiCall,
    { id, trace }: Work,
    params: RunParams | ThreadAndRunParams,
    assistant: AssistantRecord,
    thread: Thread,
  ): RunRecord {
    return toRunRecord({
      id,
      params,
      assistant,
      thread,
      identity,
      trace: trace?.headers,
      owner: engine.newOwner(),
      includesSearchContent: includesSearchContent(query),
      nowMs: nowMs(),
      expiresAfterSeconds: parts.expireAfterSeconds,
      defaults: parts.defaults(),
    });
  }

  /** The run is written: from here on it goes on by itself. */
  function begun(
    { identity, signal, trace: caller }: ApiCall,
    { run: record, ...begins }: Begins,
    version: number,
    isStreamed: boolean,
    events: readonly StreamEvent[],
  ): ApiAnswer {
    const { run } = record;
    const how = { ...begins, link: caller?.span?.traceparent };
    if (!isStreamed) {
      engine.carryOn(identity.org, record, version, how);
      return { kind: 'object', value: run };
    }
    const stream = createRunStream();
    for (const event of events) stream.tell(event);
    engine.carryOn(identity.org, record, version, { ...how, stream });
    if (parts.onStreamLeft === 'cancel') {
      const left = () => {
        // It is this pod that leaves, then.
        if (engine.isLeaving()) return;
        void parts.cancel(identity, run.thread_id, run.id, undefined).catch(() => {});
      };
      if (signal.aborted) left();
      else signal.addEventListener('abort', left, { once: true });
    }
    return { kind: 'stream', open: (sink) => stream.open(sink) };
  }
}

/** A run that is written, and how it goes on; `trace` is there if it has been created just now. */
interface Begins {
  readonly run: RunRecord;
  readonly prompt?: ReturnType<RunEngine['prepare']> | undefined;
  readonly trace?: CallTrace | undefined;
}

function createdEvents({ run }: RunRecord): StreamEvent[] {
  return [
    { event: 'thread.run.created', data: run },
    { event: 'thread.run.queued', data: run },
  ];
}

function locked(threadId: string, runId: string): ProxyError {
  return new ProxyError('thread_locked', {
    message: `Thread ${threadId} already has an active run ${runId}.`,
  });
}
