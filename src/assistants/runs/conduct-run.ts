import type { CallContext, ModelEnding } from '../models/model-call.ts';
import { type RunRecord, threadPartition } from '../store/records.ts';
import type { LastError } from '../wire.ts';
import type { BegunDocument } from './begun-documents.ts';
import { callWithin } from './call-within.ts';
import { conclude, endAs, runOut } from './end-run.ts';
import { hearModel } from './hear-model.ts';
import { type ConductParts, type LiveRun, seconds, tellRun } from './live-run.ts';
import { type Prompt, assemblePrompt } from './prompt.ts';
import { follow } from './run-states.ts';
import { RunReleased, patiently } from './run-writer.ts';

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
  const { leg, hear, settled } = hearModel(parts, live, [], beginning);
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
  const { leg, hear, settled } = hearModel(parts, live, await begunBy(parts, live));
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
  const { leg } = hearModel(parts, live, []);
  return conclude(parts, live, leg, { how: 'aborted', usage: undefined });
}

/** Ends a run that went wrong on our side, so that nobody waits for it. Rejects as `conductRun`. */
export async function failRun(parts: ConductParts, live: LiveRun): Promise<void> {
  const error: LastError = { code: 'server_error', message: 'The sidecar failed on this run.' };
  const { leg } = hearModel(parts, live, await begunBy(parts, live));
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
  const { identity, run } = writer.record;
  return { identity, runMetadata: run.metadata, signal: stop };
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

/** Undefined if it was cancelled before it began. */
function begin(record: RunRecord, nowMs: number): RunRecord | undefined {
  // It is in progress already if the pod that began it is gone.
  const { status: now } = record.run;
  const status = now === 'in_progress' ? now : follow(now, 'begin');
  if (!status) return undefined;
  return { ...record, run: { ...record.run, status, started_at: seconds(nowMs) }, call: { documentIds: [] } };
}
