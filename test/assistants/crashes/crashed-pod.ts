import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';
import type { Run } from 'openai/resources/beta/threads/runs/runs';

import { toRunRecord } from '../../../src/assistants/runs/create-run.ts';
import {
  type RunRecord,
  lists,
  lockId,
  threadPartition,
  workOf,
} from '../../../src/assistants/store/records.ts';
import type { AssistantStore, Put } from '../../../src/assistants/store/store.ts';
import type { Message, RunStep } from '../../../src/assistants/wire.ts';
import { createEmbeddedAssistantStore } from '../../../src/embedded/embedded-assistant-store.ts';
import type { Lifetime } from '../../harness/lifetime.ts';
import { type Sidecar, startSidecar, upstreamKey } from '../../harness/sidecar.ts';
import { type StandIn, startStandIn } from '../../stand-in/stand-in.ts';

const org = 'default';
export const threadId = 'thread_1';
export const runId = 'run_1';
export const stepId = 'step_1';
export const messageId = 'msg_1';

/** What a sidecar that is gone has left behind, and the upstream that it called. */
export interface CrashedPod {
  readonly standIn: StandIn;
  /** The run as it was written, or with what a test changes of it. */
  leave(change?: (record: RunRecord) => RunRecord, puts?: readonly Put[]): Promise<void>;
  /** Something else in the thread. */
  write(put: Put): Promise<void>;
  /** Work that is due at once. */
  schedule(work: string): Promise<void>;
  /** The names of all work that is left. */
  works(): string[];
  isLocked(): Promise<boolean>;
  /** Starts on what was left. */
  restart(): Promise<{ sidecar: Sidecar; client: OpenAI }>;
}

export async function crashedPod(lifetime: Lifetime): Promise<CrashedPod> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-crash-'));
  const standIn = await startStandIn({ apiKey: upstreamKey, queuedMs: 0, workMs: 1500 });
  const store = openBeside(folder);
  lifetime.after(async () => {
    await store.close();
    await standIn.close();
    rmSync(folder, { recursive: true });
  });
  const partition = threadPartition(org, threadId);
  const schedule = (work: string) => store.schedule(org, work, 0);
  return {
    standIn,
    schedule,
    async leave(change = (record) => record, puts = []) {
      const record = change(queued());
      const lock = { id: lockId, body: JSON.stringify({ runId }) };
      const isActive = record.run.expires_at !== null;
      await store.commit(partition, {
        puts: [
          { id: threadId, body: JSON.stringify({ thread: { ...thread } }) },
          messagePut({ ...message('msg_0', 'completed'), role: 'user', content: said('[[say:Hello]]') }),
          { id: runId, body: JSON.stringify(record), lists: [lists.runs] },
          ...puts,
          ...(isActive ? [lock] : []),
        ],
      });
      await schedule(workOf(threadId, runId));
    },
    write: async (put) => void (await store.commit(partition, { puts: [put] })),
    works() {
      const database = new DatabaseSync(join(folder, 'assistants.db'), { readOnly: true });
      const rows = database.prepare('SELECT name FROM work').all();
      database.close();
      return rows.map(({ name }) => String(name));
    },
    isLocked: async () => (await store.get(partition, [lockId]))[0] !== undefined,
    async restart() {
      const sidecar = await startSidecar(lifetime, {
        upstreamUrl: standIn.url,
        env: { ASSISTANT_PROXY_STORE_STATE_DIR: folder, ASSISTANT_PROXY_ASSISTANTS_LEASE_MS: '1000' },
      });
      return { sidecar, client: new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 0 }) };
    },
  };
}

/** A second hand on the same file, as only tests have one. */
function openBeside(stateDir: string): AssistantStore {
  const nobody = { close() {} };
  return createEmbeddedAssistantStore({ stateDir, own: () => nobody, now: Date.now });
}

const thread = {
  id: threadId,
  object: 'thread' as const,
  created_at: 1,
  metadata: {},
  tool_resources: {},
};

function queued(): RunRecord {
  return toRunRecord({
    id: runId,
    // With a cap, a run does not say from its creation that its model may have been called.
    params: { assistant_id: 'asst_1', max_prompt_tokens: 10_000 },
    assistant: {
      id: 'asst_1',
      object: 'assistant',
      created_at: 1,
      name: null,
      description: null,
      model: 'gpt-4o',
      instructions: null,
      tools: [],
      top_p: 1,
      temperature: 1,
      tool_resources: {},
      metadata: {},
      response_format: 'auto',
    },
    thread,
    identity: { org, team: '', app: '', user: '' },
    owner: 'a pod that is gone',
    includesSearchContent: false,
    nowMs: Date.now(),
    expiresAfterSeconds: 600,
    defaults: {
      maxPromptTokens: 0,
      maxCompletionTokens: 0,
      maxPromptTokensCeiling: 0,
      maxCompletionTokensCeiling: 0,
      truncation: 'auto',
      lastMessages: 20,
    },
  });
}

/** The run in the middle of a model call, of which the upstream has told the id if there is one. */
export function calling(upstreamId?: string, documentIds: readonly string[] = []) {
  return (record: RunRecord): RunRecord => ({
    ...record,
    run: { ...record.run, status: 'in_progress', started_at: record.run.created_at },
    call: { documentIds, ...(upstreamId !== undefined && { upstreamId }) },
  });
}

/** The step and the message that the call has begun. */
export function begunDocuments(metadata: Record<string, string> = {}): [step: Put, message: Put] {
  const step = openStep({ type: 'message_creation', message_creation: { message_id: messageId } });
  return [stepPut(step), messagePut({ ...message(messageId, 'in_progress'), metadata })];
}

export function openStep(step_details: RunStep['step_details']): RunStep {
  return {
    id: stepId,
    object: 'thread.run.step',
    created_at: 1,
    run_id: runId,
    assistant_id: 'asst_1',
    thread_id: threadId,
    type: step_details.type,
    status: 'in_progress',
    cancelled_at: null,
    completed_at: null,
    expired_at: null,
    failed_at: null,
    last_error: null,
    metadata: null,
    step_details,
    usage: null,
  };
}

export function stepPut(step: RunStep): Put {
  return { id: step.id, body: JSON.stringify(step), lists: [lists.stepsOf(runId)] };
}

function messagePut(of: Message): Put {
  const named = of.role === 'assistant' ? [lists.messagesOf(runId)] : [];
  return {
    id: of.id,
    body: JSON.stringify({ message: of, tokens: 5 }),
    lists: [lists.messages, ...named],
  };
}

function said(value: string): Message['content'] {
  return [{ type: 'text', text: { value, annotations: [] } }];
}

function message(id: string, status: 'completed' | 'in_progress'): Message {
  return {
    id,
    object: 'thread.message',
    created_at: 1,
    assistant_id: 'asst_1',
    thread_id: threadId,
    run_id: id === messageId ? runId : null,
    status,
    incomplete_details: null,
    incomplete_at: null,
    completed_at: null,
    role: 'assistant',
    content: [],
    attachments: [],
    metadata: {},
  };
}

/** The run as soon as it is in this status; rejects if that takes longer than `withinMs`. */
export async function runOnceIt(client: OpenAI, isSo: (run: Run) => boolean, withinMs = 8000): Promise<Run> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const run = await client.beta.threads.runs.retrieve(runId, { thread_id: threadId });
    if (isSo(run)) return run;
    if (performance.now() > deadlineMs) throw new Error(`the run is still ${run.status}`);
    await sleep(30);
  }
}

export const hasEnded = ({ status }: Run): boolean =>
  !['queued', 'in_progress', 'requires_action', 'cancelling'].includes(status);

/** All that there is of the run's own. */
export async function ownOf(client: OpenAI) {
  const [messages, steps] = await Promise.all([
    client.beta.threads.messages.list(threadId, { run_id: runId }),
    client.beta.threads.runs.steps.list(runId, { thread_id: threadId, order: 'asc' }),
  ]);
  return { messages: messages.data, steps: steps.data };
}

export function modelCalls({ requests }: StandIn): number {
  return requests.filter(({ method, path }) => method === 'POST' && path === '/v1/responses').length;
}
