import { randomUUID } from 'node:crypto';

import type { RunMetrics, RunUnderWay } from '../../telemetry/run-metrics.ts';
import type { CallTrace } from '../../telemetry/tracing.ts';
import { runIn } from '../store/parse-record.ts';
import { type RunRecord, threadPartition, workOf } from '../store/records.ts';
import { conductRun, failRun, resumeRun, stopEarly } from './conduct-run.ts';
import { leaveRun } from './leave-run.ts';
import type { ConductParts, LiveRun } from './live-run.ts';
import { passes } from './passes.ts';
import { type Prompt, assemblePrompt } from './prompt.ts';
import { continueRunTrace, endRunSpan } from './run-span.ts';
import { isTerminal } from './run-states.ts';
import type { RunStream } from './run-stream.ts';
import { RunLost, RunReleased, createRunWriter } from './run-writer.ts';
import { watchWork } from './watch-work.ts';

/** Carries on the runs that this pod has begun, and those that others have left behind. */
export interface RunEngine {
  /** What a run says in `owner` that this pod is to carry on: another one each time, so that nobody does so twice. */
  newOwner(): string;
  /** How long work may go without being renewed. */
  readonly leaseMs: number;
  /**
   * Takes over a run that was written just now, as queued or to be cancelled, with this pod as its owner. Its stream
   * ends with what it does now.
   */
  carryOn(org: string, record: RunRecord, version: number, begun?: Begun): void;
  /** Puts together what a run will ask first, while it is being written; undefined if that can't be done yet. */
  prepare(org: string, record: RunRecord, trace: CallTrace | undefined): Promise<Prompt | undefined>;
  /** What is in the store of this run has changed. */
  look(org: string, record: RunRecord): Promise<void>;
  /** The runs that this pod carries on just now, as they were last written. */
  conducted(): RunRecord[];
  /** Since it drains, who is cut off did not leave. */
  isLeaving(): boolean;
  /** Takes on no run that others have left, and waits for those of this pod; false if some take longer. */
  drain(gracePeriodMs: number): Promise<boolean>;
  /** Leaves what still runs for others to carry on. */
  close(): Promise<void>;
}

export interface Begun {
  readonly stream?: RunStream | undefined;
  /** What `prepare` gave. */
  readonly prompt?: Promise<Prompt | undefined> | undefined;
  /** What it was begun as; undefined if it is gone on with. */
  readonly trace?: CallTrace | undefined;
  /** The `traceparent` of the request that sets it going again. */
  readonly link?: string | undefined;
}

export interface RunEngineSettings extends ConductParts {
  readonly orgs: () => readonly string[];
  readonly leaseMs: number;
  readonly expireAfterSeconds: number;
  readonly metrics: RunMetrics;
  /** A float in [0, 1). */
  readonly random: () => number;
  /** Told of what went wrong where nobody waits for an answer. */
  readonly onError: (error: Error) => void;
}

const askAgainAfterMs = 1000;
/** An upstream may never notice that the caller of a model call is gone. */
const askTries = 5;

interface Live extends LiveRun {
  readonly stopper: AbortController;
  readonly releaser: AbortController;
  readonly ended: Promise<void>;
}

export function createRunEngine(settings: RunEngineSettings): RunEngine {
  const { store, leaseMs, nowMs, onError, metrics } = settings;
  const pod = randomUUID();
  let owned = 0;
  const newOwner = () => `${pod}/${(owned += 1)}`;
  const live = new Map<string, Live>();
  /** Nothing new is taken on. */
  const leaving = new AbortController();
  const closing = new AbortController();
  const watching = watchWork({ ...settings, mine, onCalled, take }, leaving.signal, closing.signal);
  const conducted = () => [...live.values()].map(({ writer }) => writer.record);
  metrics.underWay(() => conducted().map(underWay));
  const isLeaving = () => leaving.signal.aborted;
  return { newOwner, leaseMs, carryOn, prepare, look, conducted, isLeaving, drain, close };

  function underWay({ run, expiresAtMs }: RunRecord): RunUnderWay {
    return { status: run.status, createdAtMs: createdAtMs(expiresAtMs) };
  }

  /** The run itself tells it in seconds only. */
  function createdAtMs(expiresAtMs: number): number {
    return expiresAtMs - settings.expireAfterSeconds * 1000;
  }

  async function prepare(
    org: string,
    record: RunRecord,
    trace: CallTrace | undefined,
  ): Promise<Prompt | undefined> {
    if (!record.call) return undefined;
    const { identity, run } = record;
    const context = { identity, runMetadata: run.metadata, signal: closing.signal, trace };
    // What goes wrong here goes wrong again where it matters.
    return assemblePrompt(settings, org, record, context).catch(() => undefined);
  }

  function carryOn(org: string, record: RunRecord, version: number, begun: Begun = {}): void {
    begin(org, record, version, begun, async (run) => {
      const { status } = record.run;
      await (status === 'cancelling' ? stopEarly(settings, run) : conductRun(settings, run));
    });
  }

  function begin(
    org: string,
    record: RunRecord,
    version: number,
    { stream, prompt, link, trace = continueRunTrace(settings.tracing, record, link) }: Begun,
    work: (run: Live) => Promise<unknown>,
  ): void {
    const stopper = new AbortController();
    const releaser = new AbortController();
    const { signal: release } = releaser;
    const writer = createRunWriter({ store, org, record, version, signal: release });
    const name = workOf(record.run.thread_id, record.run.id);
    const leftMs = Math.max(0, record.expiresAtMs - nowMs());
    const expiry = setTimeout(() => stopper.abort(), Math.min(leftMs, maxTimerMs));
    const ended = Promise.withResolvers<void>();
    const run: Live = {
      org,
      writer,
      stream,
      prompt,
      trace,
      stop: stopper.signal,
      giveUp: () => stopper.abort(),
      release,
      stopper,
      releaser,
      ended: ended.promise,
    };
    live.set(name, run);
    let isLeft = false;
    if (closing.signal.aborted) letGo(run);
    void work(run)
      .catch((error: Error) => {
        if (error instanceof RunLost || error instanceof RunReleased) throw error;
        onError(error);
        return failRun(settings, run);
      })
      .then(
        () => leave(org, name, writer.record),
        (error: Error) => {
          stream?.fail(error);
          isLeft = true;
          // Whose it is now knows when to look at it.
          if (!(error instanceof RunLost)) return leave(org, name, writer.record);
        },
      )
      .catch(onError)
      .finally(() => {
        clearTimeout(expiry);
        endRunSpan(trace?.span, writer.record, isLeft);
        // A prompt that is still put together has nobody who waits for it.
        stopper.abort();
        if (live.get(name) === run) live.delete(name);
        ended.resolve();
      });
  }

  /** Says when somebody has to look at the run next. */
  async function leave(org: string, name: string, record: RunRecord): Promise<void> {
    const { status } = record.run;
    if (isTerminal(status)) metrics.ended(status, Math.max(0, nowMs() - createdAtMs(record.expiresAtMs)));
    await leaveRun({ store, leaseMs, nowMs }, org, name, record);
  }

  async function look(org: string, { run }: RunRecord): Promise<void> {
    const name = workOf(run.thread_id, run.id);
    const mine = live.get(name);
    if (mine) return lookAt(mine);
    await store.call(org, name);
  }

  /** Stops what is to be cancelled, or was taken from this pod. */
  async function lookAt(run: Live): Promise<void> {
    try {
      await run.writer.refresh();
      if (run.writer.record.run.status === 'cancelling') run.stopper.abort();
    } catch (error) {
      if (!(error instanceof RunLost)) throw error;
      run.giveUp();
    }
  }

  function mine(org: string): string[] {
    const kept = [...live].filter(([, run]) => run.org === org && !run.release.aborted);
    return kept.map(([name]) => name);
  }

  function onCalled(name: string): void {
    const run = live.get(name);
    if (run) void lookAt(run).catch(onError);
  }

  /** Looks at a run that is due: its pod is gone, or its time is up. */
  async function take(org: string, name: string): Promise<void> {
    if (live.has(name)) return;
    const [threadId = '', runId = ''] = name.split('/');
    const partition = threadPartition(org, threadId);
    const [found] = await store.get(partition, [runId]);
    const record = runIn(found);
    if (!found || !record || isTerminal(record.run.status)) return store.finish(org, name);
    const isDue = nowMs() >= record.expiresAtMs;
    const { status } = record.run;
    if (status === 'requires_action' && !isDue) return leave(org, name, record);
    const taken: RunRecord = { ...record, owner: newOwner() };
    const committed = await store.commit(partition, {
      conditions: [{ id: runId, is: found.version }],
      puts: [{ id: runId, body: JSON.stringify(taken) }],
    });
    // Whoever was quicker cares for it.
    if (!committed.done) return;
    if (!isDue && status !== 'requires_action') metrics.adopted();
    begin(org, taken, found.version + 1, {}, (run) => resume(run, isDue || status === 'requires_action'));
  }

  async function resume(run: Live, isDue: boolean): Promise<void> {
    if (isDue) run.stopper.abort();
    for (let tries = 1; (await resumeRun(settings, run, tries === askTries)) === 'askAgain'; tries += 1) {
      if (!(await passes(askAgainAfterMs, run.release))) throw new RunReleased();
    }
  }

  function allEnded(): Promise<unknown> {
    return Promise.all([...live.values()].map(({ ended }) => ended));
  }

  async function drain(gracePeriodMs: number): Promise<boolean> {
    leaving.abort();
    const givesUp = AbortSignal.timeout(gracePeriodMs);
    while (live.size > 0 && !givesUp.aborted) {
      await Promise.race([allEnded(), passes(gracePeriodMs, givesUp)]);
    }
    return live.size === 0;
  }

  async function close(): Promise<void> {
    leaving.abort();
    closing.abort();
    for (const run of live.values()) letGo(run);
    await allEnded();
    await watching;
  }

  function letGo({ releaser, stopper }: Live): void {
    releaser.abort();
    stopper.abort();
  }
}

/** Of Node's timers. */
const maxTimerMs = 2_147_483_647;
