import type { RunCreateParams } from 'openai/resources/beta/threads/runs/runs';
import type { ThreadCreateAndRunParams } from 'openai/resources/beta/threads/threads';

import { ApiError } from '../api-error.ts';
import type { Call } from '../call.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import type { AssistantStore, WireAssistant } from './assistants.ts';
import { usageOf } from './leg.ts';
import { addMessage } from './messages.ts';
import { startLeg, type LegOptions } from './start-leg.ts';
import {
  activeRun,
  type RunEntry,
  type ThreadEntry,
  type ThreadState,
  type WireRun,
} from './thread-state.ts';

export interface RunsOptions extends LegOptions {
  threads: ThreadState;
  assistants: AssistantStore;
  vectorStores: VectorStoreState;
  runExpiresAfterSeconds: number;
}

/** Creates a run on a thread that has no active one, and plans its first leg. */
export function createRun(
  options: RunsOptions,
  entry: ThreadEntry,
  body: RunCreateParams | ThreadCreateAndRunParams,
  call: Call,
): RunEntry {
  const assistant = options.assistants.find(body.assistant_id);
  const active = activeRun(entry);
  if (active) {
    throw new ApiError(400, `Thread ${entry.thread.id} already has an active run ${active.id}.`);
  }
  for (const described of 'additional_messages' in body ? (body.additional_messages ?? []) : []) {
    addMessage(entry, described, options.vectorStores, call.mint);
  }
  const createdAtMs = options.nowMs();
  const opened = openRun(options, entry, assistant, body, call);
  const run: RunEntry = {
    run: opened,
    steps: new Map(),
    plan: [
      { event: { event: 'thread.run.created', data: opened }, dueMs: 0 },
      { event: { event: 'thread.run.queued', data: opened }, dueMs: 0 },
    ],
    happened: 0,
    createdAtMs,
    usedBefore: usageOf(0, 0),
    legUsage: usageOf(0, 0),
    legStartsAtMs: createdAtMs,
    legBuiltIn: [],
    legEndsAtMs: createdAtMs,
    expiresAtMs: createdAtMs + options.runExpiresAfterSeconds * 1000,
    includesContent: asksForContent(call.query),
    seenMessages: entry.messages.size,
    vectorStoreIds: [
      ...(assistant.tool_resources?.file_search?.vector_store_ids ?? []),
      ...(entry.thread.tool_resources?.file_search?.vector_store_ids ?? []),
    ],
    exchanged: [],
  };
  entry.runs.set(opened.id, run);
  options.threads.advance(entry);
  startLeg(options, entry, run, call.mint);
  return run;
}

function openRun(
  options: RunsOptions,
  entry: ThreadEntry,
  assistant: WireAssistant,
  body: RunCreateParams | ThreadCreateAndRunParams,
  { mint }: Call,
): WireRun {
  const additional = 'additional_instructions' in body ? body.additional_instructions : undefined;
  const effort = ('reasoning_effort' in body && body.reasoning_effort) || assistant.reasoning_effort;
  const instructions = body.instructions ?? assistant.instructions ?? '';
  return {
    id: mint.id('run_', 24),
    object: 'thread.run',
    created_at: mint.seconds(),
    assistant_id: assistant.id,
    thread_id: entry.thread.id,
    status: 'queued',
    started_at: null,
    expires_at: mint.seconds() + options.runExpiresAfterSeconds,
    cancelled_at: null,
    failed_at: null,
    completed_at: null,
    required_action: null,
    last_error: null,
    model: body.model ?? assistant.model,
    instructions: additional ? `${instructions}\n${additional}`.trim() : instructions,
    tools: body.tools ?? assistant.tools,
    metadata: body.metadata ?? {},
    temperature: body.temperature ?? assistant.temperature ?? 1,
    top_p: body.top_p ?? assistant.top_p ?? 1,
    max_completion_tokens: body.max_completion_tokens ?? null,
    max_prompt_tokens: body.max_prompt_tokens ?? null,
    truncation_strategy: { type: 'auto', last_messages: null, ...body.truncation_strategy },
    incomplete_details: null,
    usage: null,
    response_format: body.response_format ?? assistant.response_format ?? 'auto',
    tool_choice: body.tool_choice ?? 'auto',
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    ...(effort ? { reasoning_effort: effort } : {}),
  };
}

/** Whether `include[]` asks for what file_search found. */
export function asksForContent(query: URLSearchParams): boolean {
  return query.getAll('include[]').includes('step_details.tool_calls[*].file_search.results[*].content');
}
