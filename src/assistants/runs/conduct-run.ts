import type { NewId } from '../ids.ts';
import type { CallContext, ModelEnding, ModelEvent } from '../models/model-call.ts';
import { type RunRecord, threadPartition } from '../store/records.ts';
import type { LastError, Run, StreamEvent, Usage } from '../wire.ts';
import type { BegunDocument } from './begun-documents.ts';
import { callWithin } from './call-within.ts';
import type { LegEnding } from './leg-ending.ts';
import { type Leg, createLeg } from './leg.ts';
import { type Prompt, type PromptParts, assemblePrompt } from './prompt.ts';
import { type RunChange, follow } from './run-states.ts';
import type { RunStream } from './run-stream.ts';
import { type DocumentPut, RunLost, RunReleased, type RunWriter, patiently } from './run-writer.ts';
import { type Told, join, nothing } from './told.ts';

export interface ConductParts extends PromptParts {
  readonly newId: NewId;
  /** Container files, of which the upstream wants to know the container whenever it is asked for them. */
  readonly rememberFile: (org: string, fileId: string, containerId: string) => Promise<void>;
}

/** A run that this pod carries on. */
export interface LiveRun {
  readonly org: string;
  readonly writer: RunWriter;
  readonly stream: RunStream | undefined;
  /** Put together already, if all went well. */
  readonly prompt: Promise<Prompt | undefined> | undefined;
  /** Ends what the run does now: it is to be cancelled, as the store says, or its time is up. */
  readonly stop: AbortSignal;
  /** Ends what the run does now, because nothing of it can be written any more. */
  readonly giveUp: () => void;
  /** The pod has to let go of the run, whatever state it is in. */
  readonly release: AbortSignal;
}

/**
 * Carries a run on until it has ended or waits for its application. Rejects with `RunLost` if it is another pod's now
 * or was deleted, and with `RunReleased` if this pod had to let go of it in the middle.
 */
export async function conductRun(parts: ConductParts, live: LiveRun): Promise<void> {
  const { writer, org } = live;
  const context = contextOf(live);
  // The run was written as one that may be calling its model: nothing else need be written before it does.
  const isAnnounced = writer.record.call !== undefined;
  const assembling = assemble();
  // Who dies while the upstream is asked about a prompt has not called a model yet, and the run says so.
  if (!isAnnounced) await assembling;
  const beginning = beginRun(parts, live);
  // Whoever waits for it hears of it.
  beginning.catch(() => {});
  const prompt = await assembling;
  const isRequest = prompt !== undefined && 'request' in prompt;
  if (!(isAnnounced && isRequest) && !(await beginning)) return stopEarly(parts, live);
  if (!prompt) return stopEarly(parts, live);
  if (!isRequest) return endAs(parts, live, runOut(prompt.exhausted));
  const { leg, hear, settled } = listen(parts, live, [], beginning);
  const ending = await callWithin(parts.model, prompt.request, context, hear);
  await settled();
  return conclude(parts, live, leg, ending);

  async function assemble(): Promise<Prompt | undefined> {
    const prepared = await live.prompt;
    return prepared ?? untilStopped(live, () => assemblePrompt(parts, org, writer.record, context));
  }
}

/** False if it was cancelled before it began. */
async function beginRun(parts: ConductParts, live: LiveRun): Promise<boolean> {
  const isBegun = await live.writer.save((record) => begin(record, parts.nowMs()));
  if (isBegun) tellRun(live, 'thread.run.in_progress');
  else live.giveUp();
  return isBegun;
}

/**
 * Carries on where the pod that did so before has stopped. `askAgain`: the model call of that time still goes on; with
 * `isLastTry` nobody waits for it any more. Rejects as `conductRun`.
 */
export async function resumeRun(
  parts: ConductParts,
  live: LiveRun,
  isLastTry: boolean,
): Promise<'done' | 'askAgain'> {
  const { run, call, identity } = live.writer.record;
  if (!call) {
    await (run.status === 'cancelling' ? stopEarly(parts, live) : conductRun(parts, live));
    return 'done';
  }
  const { upstreamId } = call;
  // Also a run whose time is up is told what it has used.
  const found =
    upstreamId === undefined
      ? ({ state: 'unknown' } as const)
      : await parts.model.lookUp(upstreamId, { identity, signal: live.release });
  if (found.state === 'running' && !isLastTry && !live.stop.aborted) return 'askAgain';
  const { leg, hear, settled } = listen(parts, live, await begunBy(parts, live));
  if (found.state === 'ended') for (const event of found.events) hear(event);
  await settled();
  const ending: ModelEnding =
    found.state === 'ended' ? found.ending : { how: 'failed', usage: undefined, error: lostCall };
  const isStopped = run.status === 'cancelling' || (found.state !== 'ended' && live.stop.aborted);
  await conclude(parts, live, leg, isStopped ? { ...ending, how: 'aborted' } : ending);
  return 'done';
}

const lostCall: LastError = {
  code: 'server_error',
  message:
    'The sidecar that carried out this run ended in the middle of a model call. What became of that call is not known, so it was not made again.',
};

/** Ends a run of which nothing is going on: it waits, or its time is up. Rejects as `conductRun`. */
export async function stopEarly(parts: ConductParts, live: LiveRun): Promise<void> {
  const { leg } = listen(parts, live, []);
  return conclude(parts, live, leg, { how: 'aborted', usage: undefined });
}

/** Ends a run that went wrong on our side, so that nobody waits for it. Rejects as `conductRun`. */
export async function failRun(parts: ConductParts, live: LiveRun): Promise<void> {
  const error: LastError = { code: 'server_error', message: 'The sidecar failed on this run.' };
  const { leg } = listen(parts, live, await begunBy(parts, live));
  return conclude(parts, live, leg, { how: 'failed', usage: undefined, error });
}

/** What the call that is not known to have ended has begun. */
async function begunBy({ store }: ConductParts, { org, writer, release }: LiveRun): Promise<BegunDocument[]> {
  const { run, call } = writer.record;
  const ids = call?.documentIds ?? [];
  if (ids.length === 0) return [];
  const partition = threadPartition(org, run.thread_id);
  const found = await patiently(() => store.get(partition, ids), release);
  return ids.map((id, index) => ({ id, found: found[index] }));
}

function contextOf({ writer, stop }: LiveRun): CallContext {
  return { identity: writer.record.identity, signal: stop };
}

/**
 * Tries while the store is away, or can't tell what it has; undefined as soon as the run was stopped meanwhile, as
 * whoever lets go of it does, too.
 */
async function untilStopped<Result>(
  { stop }: LiveRun,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    const result = await patiently(work, stop);
    return stop.aborted ? undefined : result;
  } catch (error) {
    if (!(error instanceof RunReleased)) throw error;
    return undefined;
  }
}

interface Listening {
  readonly leg: Leg;
  readonly hear: (event: ModelEvent) => void;
  /** Resolves when everything that was heard is written and told. */
  readonly settled: () => Promise<void>;
}

/**
 * Writes and tells what the model says, behind what comes `first`. What is written is told only then; all is told in
 * its order. What comes while something else is being written is written together.
 */
function listen(
  parts: ConductParts,
  live: LiveRun,
  begun: readonly BegunDocument[],
  first?: Promise<unknown>,
): Listening {
  const { writer, org } = live;
  const leg = createLeg({
    run: writer.record.run,
    newId: parts.newId,
    nowSeconds: () => seconds(parts.nowMs()),
    begun,
    includesSearchContent: writer.record.includesSearchContent,
  });
  let upstreamId: string | undefined;
  let heard: Told | undefined;
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<unknown>) => {
    waiting += 1;
    last = last.then(work).then(() => void (waiting -= 1));
    // `settled` hears of it.
    last.catch(() => {});
  };
  const later = (told: Told) => {
    if (heard) return void (heard = join(heard, told));
    heard = told;
    inTurn(async () => {
      const { puts, events } = heard!;
      heard = undefined;
      const isKnown = writer.record.call?.upstreamId === upstreamId;
      if (puts.length > 0 || !isKnown) await writer.save(withCall(upstreamId, [...leg.documentIds()]), puts);
      tell(live, events);
    });
  };
  if (first) inTurn(() => first);
  return {
    leg,
    hear(event) {
      if (event.type === 'begun') {
        upstreamId = event.upstreamId;
        return later({ puts: [], events: [] });
      }
      if (event.type === 'file') {
        const { fileId, containerId } = event;
        inTurn(() => patiently(() => parts.rememberFile(org, fileId, containerId), live.release));
      }
      if (event.type === 'codeEnded' && event.containerId !== undefined) {
        const { containerId } = event;
        inTurn(() => rememberContainer(parts, live, containerId));
      }
      const told = leg.hear(event);
      if (told.puts.length === 0 && waiting === 0) tell(live, told.events);
      else later(told);
    },
    settled: () => last,
  };
}

/** How far the model call is. */
function withCall(upstreamId: string | undefined, documentIds: readonly string[]) {
  return (record: RunRecord): RunRecord => ({
    ...record,
    call: { ...record.call, ...(upstreamId !== undefined && { upstreamId }), documentIds },
  });
}

/** The model call has ended, and with it the leg: the run ends too, or waits. */
async function conclude(parts: ConductParts, live: LiveRun, leg: Leg, ending: ModelEnding): Promise<void> {
  const { writer } = live;
  // Whoever stopped it has said so in the store before, if it is to be cancelled.
  if (ending.how === 'aborted') await writer.refresh();
  if (live.release.aborted && ending.how === 'aborted') throw new RunReleased();
  const usage = ending.usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  // What the model put out bounds what it wrote; so do the bytes, where it thought besides.
  const tokens = Math.min(usage.completion_tokens || Infinity, Buffer.byteLength(leg.openText()));
  const isCancelled = writer.record.run.status === 'cancelling';
  const how = ending.how === 'aborted' && !isCancelled ? 'expired' : ending.how;
  switch (isCancelled ? 'aborted' : how) {
    case 'completed':
      if (leg.awaited()) return askForOutputs(parts, live, leg, usage, tokens);
      return endLeg({ how: 'completed' }, { change: 'complete', completed_at: now() });
    case 'cut':
      return endLeg({ how: 'cut' }, runOut('max_completion_tokens'));
    case 'failed': {
      const error = ending.error ?? { code: 'server_error', message: 'The model call failed.' };
      return endLeg({ how: 'failed', error }, { change: 'fail', failed_at: now(), last_error: error });
    }
    case 'expired':
      return endLeg({ how: 'expired' }, { change: 'expire' });
    case 'aborted':
      tellRun(live, 'thread.run.cancelling');
      return endLeg({ how: 'cancelled' }, { change: 'stop', cancelled_at: now() });
  }

  function now(): number {
    return seconds(parts.nowMs());
  }

  async function endLeg(legEnding: LegEnding, runEnding: RunEnding): Promise<void> {
    const awaiting = endAwaited(writer.record, legEnding, now());
    const { puts, events } = leg.close(legEnding, usage, tokens);
    const told = { puts: [...awaiting.puts, ...puts], events: [...awaiting.events, ...events] };
    return endAs(parts, live, runEnding, usage, told);
  }
}

/** How a run ends, and which of its fields say so. */
interface RunEnding extends Partial<
  Pick<Run, 'completed_at' | 'failed_at' | 'cancelled_at' | 'last_error' | 'incomplete_details'>
> {
  readonly change: RunChange;
}

function runOut(reason: 'max_prompt_tokens' | 'max_completion_tokens'): RunEnding {
  return { change: 'runOut', incomplete_details: { reason } };
}

const noUsage: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** A run that was to be cancelled while it ended otherwise is cancelled. */
async function endAs(
  parts: ConductParts,
  live: LiveRun,
  { change, ...fields }: RunEnding,
  usage = noUsage,
  told: Told = nothing,
): Promise<void> {
  const { writer } = live;
  const isEnded = await writer.save((record) => {
    const status = follow(record.run.status, change);
    const used = add(record.used, usage);
    const { call: _, awaited: __, ...rest } = record;
    const run = { ...record.run, ...fields, required_action: null, expires_at: null, usage: used };
    return status && { ...rest, used, run: { ...run, status } };
  }, told.puts);
  if (!isEnded) {
    // To be cancelled is all that can have happened to it meanwhile.
    if (change === 'stop') throw new RunLost();
    tellRun(live, 'thread.run.cancelling');
    return endAs(parts, live, { change: 'stop', cancelled_at: seconds(parts.nowMs()) }, usage, told);
  }
  tell(live, told.events);
  tellRun(live, `thread.run.${writer.record.run.status}`);
  live.stream?.end();
}

async function askForOutputs(
  parts: ConductParts,
  live: LiveRun,
  leg: Leg,
  usage: Usage,
  tokens: number,
): Promise<void> {
  const { writer } = live;
  const awaited = leg.awaited()!;
  const { puts, events } = leg.close({ how: 'completed' }, usage, tokens);
  const step: DocumentPut = { id: awaited.id, body: JSON.stringify(awaited) };
  const waits = await writer.save(
    (record) => {
      const status = follow(record.run.status, 'askForOutputs');
      if (!status) return undefined;
      const { call: _, ...rest } = record;
      const submit_tool_outputs = { tool_calls: leg.calls() };
      return {
        ...rest,
        turns: [...record.turns, ...leg.turns()],
        used: add(record.used, usage),
        awaited: { step: awaited, usage },
        run: { ...record.run, status, required_action: { type: 'submit_tool_outputs', submit_tool_outputs } },
      };
    },
    [...puts, step],
  );
  if (!waits) {
    tellRun(live, 'thread.run.cancelling');
    const rest = leg.close({ how: 'cancelled' }, usage, tokens);
    const told = { puts: [...puts, ...rest.puts], events: [...events, ...rest.events] };
    return endAs(parts, live, { change: 'stop', cancelled_at: seconds(parts.nowMs()) }, usage, told);
  }
  tell(live, events);
  tellRun(live, 'thread.run.requires_action');
  live.stream?.end();
}

/** The step of a run that ends while it waits. */
function endAwaited({ awaited }: RunRecord, ending: LegEnding, at: number): Told {
  if (!awaited || (ending.how !== 'cancelled' && ending.how !== 'expired')) return nothing;
  const { step, usage } = awaited;
  const ended =
    ending.how === 'cancelled'
      ? { ...step, usage, status: ending.how, cancelled_at: at }
      : { ...step, usage, status: ending.how, expired_at: at };
  return {
    puts: [{ id: step.id, body: JSON.stringify(ended) }],
    events: [{ event: `thread.run.step.${ended.status}`, data: ended }],
  };
}

/** Undefined if it was cancelled before it began. */
function begin(record: RunRecord, nowMs: number): RunRecord | undefined {
  // It is in progress already if the pod that began it is gone.
  const { status: now } = record.run;
  const status = now === 'in_progress' ? now : follow(now, 'begin');
  if (!status) return undefined;
  return { ...record, run: { ...record.run, status, started_at: seconds(nowMs) }, call: { documentIds: [] } };
}

async function rememberContainer(parts: ConductParts, live: LiveRun, id: string): Promise<void> {
  const { thread_id: threadId } = live.writer.record.run;
  const partition = threadPartition(live.org, threadId);
  await patiently(async () => {
    const [found] = await parts.store.get(partition, [threadId]);
    if (!found) return;
    const body = JSON.stringify({ ...JSON.parse(found.body), container: { id, usedAtMs: parts.nowMs() } });
    // If the thread was changed meanwhile, the next run takes a new container: no harm.
    await parts.store.commit(partition, {
      conditions: [{ id: threadId, is: found.version }],
      puts: [{ id: threadId, body }],
    });
  }, live.release);
}

function tell({ stream }: LiveRun, events: readonly StreamEvent[]): void {
  if (stream) for (const event of events) stream.tell(event);
}

function tellRun(live: LiveRun, event: Extract<StreamEvent, { data: Run }>['event']): void {
  live.stream?.tell({ event, data: live.writer.record.run });
}

function add(a: Usage, b: Usage): Usage {
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
