/** What is kept in the store's documents, and under which ids and lists. */
import type { Identity } from '../../exchange.ts';
import type { TraceHeaders } from '../../telemetry/tracing.ts';
import type { Turn } from '../models/model-call.ts';
import type { Assistant, Message, Run, RunStep, Thread, Usage } from '../wire.ts';
import type { Partition } from './store.ts';

/** All of an organisation's assistants; a document each, in the list `assistants`. */
export function assistantsOf(org: string): Partition {
  return { org, name: 'assistants' };
}

/**
 * A thread and what belongs to it: documents under the ids of the thread, its messages, runs and steps, and the
 * lock while a run is active.
 */
export function threadPartition(org: string, threadId: string): Partition {
  return { org, name: threadId };
}

/** Each organisation's container files, by their id: which container they are in. */
export function filesOf(org: string): Partition {
  return { org, name: 'files' };
}

/** There while a run is active. */
export const lockId = 'lock';

export interface LockRecord {
  readonly runId: string;
}

export const lists = {
  assistants: 'assistants',
  messages: 'messages',
  messagesOf: (runId: string) => `messages/${runId}`,
  runs: 'runs',
  stepsOf: (runId: string) => `steps/${runId}`,
};

export type AssistantRecord = Assistant;

export interface ThreadRecord {
  readonly thread: Thread;
  /** The container that code_interpreter worked in last, and when, in Unix milliseconds. */
  readonly container?: { readonly id: string; readonly usedAtMs: number };
}

export interface MessageRecord {
  readonly message: Message;
  /** Of its text in o200k_base, and an estimate for its images. */
  readonly tokens: number;
}

export type StepRecord = RunStep;

/** A run, and what nobody outside sees of it. */
export interface RunRecord {
  readonly run: Run;
  /** Who created it, and pays. */
  readonly identity: Identity;
  /** Which pod's conductor carries it on: who finds another one here has lost it. */
  readonly owner: string;
  /** Search results tell their text in the stream: `include[]` of whoever asked for it. */
  readonly includesSearchContent: boolean;
  /** Of the assistant and of the thread together, as they were when it was created. */
  readonly vectorStoreIds: readonly string[];
  readonly fileIds: readonly string[];
  /** What run or assistant say, where it isn't what the API does anyway. */
  readonly temperature?: number;
  readonly topP?: number;
  /** Exact, in Unix milliseconds; `run.expires_at` is null once it has ended. */
  readonly expiresAtMs: number;
  /** What model and application told each other since the run began, messages of the thread aside. */
  readonly turns: readonly Turn[];
  /** Of the model calls that have ended. */
  readonly used: Usage;
  /** Where it stands in the trace of who created it, so that all that belongs to it is found there. */
  readonly trace?: TraceHeaders;
  /** The model call that was begun, or was about to be, and has not ended yet. */
  readonly call?: CallRecord;
  /** The step whose functions the application has been asked to call, and what asking has used. */
  readonly awaited?: { readonly step: RunStep; readonly usage: Usage };
}

export interface CallRecord {
  /** Undefined as long as the upstream hasn't told it. */
  readonly upstreamId?: string;
  /** Ids of the steps and messages that tell of this call so far, in their order. */
  readonly documentIds: readonly string[];
}

/** The name of a run among the pieces of work. */
export function workOf(threadId: string, runId: string): string {
  return `${threadId}/${runId}`;
}
