import type { Identity } from '../../exchange.ts';
import type { TraceHeaders } from '../../telemetry/tracing.ts';
import type { RunParams, ThreadAndRunParams } from '../params/run-params.ts';
import type { RunRecord } from '../store/records.ts';
import type { Assistant, Run, Thread, ToolResources } from '../wire.ts';
import { isPromptAtHand } from './prompt.ts';
import { noUsage } from './run-usage.ts';

/** What runs do where their callers say nothing, and what they may not ask for; 0 is no cap. */
export interface RunDefaults {
  readonly maxPromptTokens: number;
  readonly maxCompletionTokens: number;
  readonly maxPromptTokensCeiling: number;
  readonly maxCompletionTokensCeiling: number;
  readonly truncation: 'auto' | 'last_messages';
  readonly lastMessages: number;
}

export interface NewRun {
  readonly id: string;
  readonly params: RunParams | ThreadAndRunParams;
  readonly assistant: Assistant;
  readonly thread: Thread;
  readonly identity: Identity;
  readonly trace?: TraceHeaders | undefined;
  readonly owner: string;
  readonly includesSearchContent: boolean;
  readonly nowMs: number;
  readonly expiresAfterSeconds: number;
  readonly defaults: RunDefaults;
}

/** A run as it is queued: what its caller says goes before what the assistant says. */
export function toRunRecord(created: NewRun): RunRecord {
  const { params, assistant, thread, nowMs, defaults } = created;
  const createdAt = Math.floor(nowMs / 1000);
  const temperature = params.temperature ?? assistant.temperature ?? 1;
  const topP = params.top_p ?? assistant.top_p ?? 1;
  const effort =
    ('reasoning_effort' in params ? params.reasoning_effort : undefined) ?? assistant.reasoning_effort;
  const run: Run = {
    id: created.id,
    object: 'thread.run',
    created_at: createdAt,
    assistant_id: assistant.id,
    thread_id: thread.id,
    status: 'queued',
    started_at: null,
    expires_at: createdAt + created.expiresAfterSeconds,
    cancelled_at: null,
    failed_at: null,
    completed_at: null,
    required_action: null,
    last_error: null,
    model: params.model ?? assistant.model,
    instructions: instructionsOf(params, assistant),
    tools: (params.tools as Run['tools'] | undefined) ?? assistant.tools,
    metadata: params.metadata ?? {},
    temperature,
    top_p: topP,
    ...(typeof effort === 'string' && { reasoning_effort: effort }),
    max_completion_tokens: capOf(
      params.max_completion_tokens,
      defaults.maxCompletionTokens,
      defaults.maxCompletionTokensCeiling,
    ),
    max_prompt_tokens: capOf(
      params.max_prompt_tokens,
      defaults.maxPromptTokens,
      defaults.maxPromptTokensCeiling,
    ),
    truncation_strategy: truncationOf(params, defaults),
    incomplete_details: null,
    usage: null,
    response_format:
      (params.response_format as Run['response_format'] | undefined) ?? assistant.response_format,
    tool_choice: (params.tool_choice as Run['tool_choice'] | undefined) ?? 'auto',
    parallel_tool_calls: params.parallel_tool_calls ?? true,
  };
  // A run's own resources, which only `createThreadAndRun` takes, stand in for the thread's.
  const resources = [assistant.tool_resources, thread.tool_resources];
  return {
    ...announced({ run }),
    run,
    identity: created.identity,
    owner: created.owner,
    includesSearchContent: created.includesSearchContent,
    vectorStoreIds: unique(resources, ({ file_search }) => file_search?.vector_store_ids),
    fileIds: unique(resources, ({ code_interpreter }) => code_interpreter?.file_ids),
    // Models that reason refuse both, so the API's own default isn't sent.
    ...(temperature !== 1 && { temperature }),
    ...(topP !== 1 && { topP }),
    expiresAtMs: nowMs + created.expiresAfterSeconds * 1000,
    turns: [],
    used: noUsage,
    ...(created.trace && { trace: created.trace }),
  };
}

/**
 * A run that calls its model at once says so from the beginning: that saves a write ahead of the call, and makes the
 * moment longer in which a crash leaves open whether it was made.
 */
export function announced(record: Pick<RunRecord, 'run'>): Pick<RunRecord, 'call'> {
  return isPromptAtHand(record) ? { call: { documentIds: [] } } : {};
}

function instructionsOf(params: RunParams | ThreadAndRunParams, assistant: Assistant): string {
  const instructions = params.instructions ?? assistant.instructions ?? '';
  const additional = 'additional_instructions' in params ? params.additional_instructions : undefined;
  return additional ? `${instructions}\n${additional}`.trim() : instructions;
}

function truncationOf({ truncation_strategy: asked }: RunParams | ThreadAndRunParams, defaults: RunDefaults) {
  const type = asked?.type ?? defaults.truncation;
  const last = asked ? (asked.last_messages ?? null) : defaults.lastMessages;
  return { type, last_messages: type === 'last_messages' ? last : null };
}

function capOf(asked: number | undefined, byDefault: number, ceiling: number): number | null {
  const cap = asked ?? (byDefault || Infinity);
  const lowest = Math.min(cap, ceiling || Infinity);
  return lowest === Infinity ? null : lowest;
}

function unique(
  resources: readonly (ToolResources | null)[],
  idsIn: (resources: ToolResources) => readonly string[] | undefined,
): string[] {
  return [...new Set(resources.flatMap((one) => (one && idsIn(one)) ?? []))];
}
