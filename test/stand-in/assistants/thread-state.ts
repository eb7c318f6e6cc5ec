import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type { Message } from 'openai/resources/beta/threads/messages';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import type { RunStep } from 'openai/resources/beta/threads/runs/steps';
import type { Thread } from 'openai/resources/beta/threads/threads';

import type { PromptMessage } from '../model.ts';
import { applyEvent } from './apply-event.ts';
import { noneFound } from './find-errors.ts';

/** A thread and what belongs to it. */
export interface ThreadEntry {
  thread: Thread;
  messages: Map<string, Message>;
  runs: Map<string, RunEntry>;
}

/** The SDK's type lacks what the API answers where it was given. */
export interface WireRun extends Run {
  reasoning_effort?: string;
}

/**
 * A run is planned ahead as the events that its stream will tell, each with its time. Its objects are what the
 * events up to now have said.
 */
export interface RunEntry {
  run: WireRun;
  steps: Map<string, RunStep>;
  plan: PlannedEvent[];
  /** How many events of the plan have happened. */
  happened: number;
  createdAtMs: number;
  /** What the legs before the present one have cost. */
  usedBefore: Run.Usage;
  /** What the present leg will have cost at its end. */
  legUsage: Run.Usage;
  legStartsAtMs: number;
  /** What it told the model's own tools, as the model sees it. */
  legBuiltIn: PromptMessage[];
  legEndsAtMs: number;
  expiresAtMs: number;
  /** Whether its own streams tell what file_search found. */
  includesContent: boolean;
  /** How many of the thread's messages were there when it was created. */
  seenMessages: number;
  /** What file_search looks into. */
  vectorStoreIds: string[];
  /** Function calls of this run and their outputs, as the model sees them. */
  exchanged: PromptMessage[];
}

export interface PlannedEvent {
  event: AssistantStreamEvent;
  dueMs: number;
}

export interface ThreadState {
  add(thread: Thread): ThreadEntry;
  delete(id: string): void;
  /** The thread as of now. */
  find(id: string | undefined): ThreadEntry;
  findRun(threadId: string | undefined, runId: string | undefined): { entry: ThreadEntry; run: RunEntry };
  /** Lets happen what is due. */
  advance(entry: ThreadEntry): void;
}

export function createThreadState(nowMs: () => number): ThreadState {
  const entries = new Map<string, ThreadEntry>();

  function advance(entry: ThreadEntry): void {
    const now = nowMs();
    for (const run of entry.runs.values()) {
      for (let next = run.plan[run.happened]; next && next.dueMs <= now; next = run.plan[run.happened]) {
        happen(entry, run, next.event);
        run.happened++;
      }
    }
  }

  function find(id = ''): ThreadEntry {
    const entry = entries.get(id);
    if (!entry) throw noneFound('thread', id);
    advance(entry);
    return entry;
  }

  return {
    advance,
    find,
    add(thread) {
      const entry: ThreadEntry = { thread, messages: new Map(), runs: new Map() };
      entries.set(thread.id, entry);
      return entry;
    },
    delete: (id) => void entries.delete(id),
    findRun(threadId, runId = '') {
      const entry = find(threadId);
      const run = entry.runs.get(runId);
      if (!run) throw noneFound('run', runId);
      return { entry, run };
    },
  };
}

function happen(entry: ThreadEntry, run: RunEntry, event: AssistantStreamEvent): void {
  applyEvent({ steps: run.steps, messages: entry.messages }, event);
  if ('object' in event.data && event.data.object === 'thread.run') {
    // The metadata may have been changed since the plan was made.
    run.run = { ...event.data, metadata: run.run.metadata };
  }
}

/** The run that locks the thread. */
export function activeRun(entry: ThreadEntry): Run | undefined {
  return [...entry.runs.values()].map(({ run }) => run).find(isActive);
}

export function isActive(run: Run): boolean {
  return ['queued', 'in_progress', 'requires_action', 'cancelling'].includes(run.status);
}
