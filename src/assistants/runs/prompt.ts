import type { TokenCounter } from '../../openai/count-tokens.ts';
import { contextWindowTokens, maxOutputTokens } from '../../openai/model-limits.ts';
import type { CallContext, ModelPort, ModelRequest, Turn } from '../models/model-call.ts';
import {
  type MessageRecord,
  type RunRecord,
  type ThreadRecord,
  lists,
  threadPartition,
} from '../store/records.ts';
import type { AssistantStore } from '../store/store.ts';
import type { MessageContent, ToolChoice } from '../wire.ts';
import type { FilesIndexed } from './wait-for-index.ts';

export interface PromptParts {
  readonly store: AssistantStore;
  readonly model: ModelPort;
  readonly counter: TokenCounter;
  readonly nowMs: () => number;
  readonly filesIndexed: FilesIndexed;
}

/** What a run asks next; or which of its caps leaves no room to ask anything. */
export type Prompt =
  | { readonly request: ModelRequest }
  | { readonly exhausted: 'max_prompt_tokens' | 'max_completion_tokens' };

/** So many messages are read at once. */
const pageSize = 50;

/** A container that nobody used for 20 minutes is gone. */
const containerLivesMs = 19 * 60_000;

/**
 * Whether a prompt is put together out of what is stored alone. Else tokens are to be counted, or files to be indexed
 * upstream, which may take long.
 */
export function isPromptAtHand({ run }: Pick<RunRecord, 'run'>): boolean {
  return run.max_prompt_tokens === null && !run.tools.some(({ type }) => type === 'file_search');
}

/**
 * Puts together what the model sees: the newest messages of the thread that fit the context and the caps, and then
 * what was exchanged in the run. Older messages are not even read. Rejects with `StoreUnavailable`.
 */
export async function assemblePrompt(
  parts: PromptParts,
  org: string,
  record: RunRecord,
  context: CallContext,
): Promise<Prompt> {
  const { run, used } = record;
  const maxOutput = leftOf(run.max_completion_tokens, used.completion_tokens);
  if (maxOutput !== undefined && maxOutput < parts.model.minOutputTokens) {
    return { exhausted: 'max_completion_tokens' };
  }
  const cap = leftOf(run.max_prompt_tokens, used.prompt_tokens);
  if (cap !== undefined && cap <= 0) return { exhausted: 'max_prompt_tokens' };
  const window = contextWindowTokens(run.model);
  const reserved = Math.min(maxOutput ?? Infinity, maxOutputTokens(run.model) ?? 4096, window / 2);
  const around = await boundAround(parts, record, Math.min(cap ?? Infinity, window));
  const room = Math.min(cap ?? Infinity, window - reserved) - around;
  const partition = threadPartition(org, run.thread_id);
  const [[thread], messages] = await Promise.all([
    parts.store.get(partition, [run.thread_id]),
    // A tenth more than fits a cap: who counts exactly drops what is too much.
    newestMessages(parts.store, org, record, cap === undefined ? room : room * 1.1),
  ]);
  const stored = thread && (JSON.parse(thread.body) as ThreadRecord);
  if (searchesNewFiles(record, stored, messages, parts.nowMs())) {
    await parts.filesIndexed(record.vectorStoreIds, context);
  }
  const container = stored?.container;
  const isLive = container && parts.nowMs() - container.usedAtMs < containerLivesMs;
  const requestOf = (kept: readonly MessageRecord[]): ModelRequest => ({
    model: run.model,
    instructions: run.instructions,
    turns: [...kept.map(({ message }) => turnOf(message)), ...record.turns],
    tools: run.tools,
    vectorStoreIds: record.vectorStoreIds,
    fileIds: record.fileIds,
    containerId: isLive ? container.id : undefined,
    toolChoice: choiceOf(record),
    parallelToolCalls: run.parallel_tool_calls,
    maxOutputTokens: maxOutput,
    temperature: record.temperature,
    topP: record.topP,
    responseFormat: run.response_format,
    reasoningEffort: run.reasoning_effort ?? undefined,
    metadata: { thread_id: run.thread_id, run_id: run.id },
  });
  if (cap === undefined) return { request: requestOf(messages) };
  return fitCap(parts.model, context, { messages, requestOf, cap, around });
}

/** Whether what file_search is to find may not have been indexed yet. */
function searchesNewFiles(
  { run, vectorStoreIds, turns }: RunRecord,
  stored: ThreadRecord | undefined,
  messages: readonly MessageRecord[],
  nowMs: number,
): boolean {
  const isNew = (created_at: number | undefined) => nowMs / 1000 - (created_at ?? 0) < indexedAfterSeconds;
  const isAsked = turns.length === 0 && vectorStoreIds.length > 0;
  if (!isAsked || !run.tools.some(({ type }) => type === 'file_search')) return false;
  return (
    isNew(stored?.thread.created_at) ||
    messages.some(({ message }) => (message.attachments?.length ?? 0) > 0 && isNew(message.created_at))
  );
}

const indexedAfterSeconds = 60;

interface Fitting {
  /** The oldest first. */
  readonly messages: readonly MessageRecord[];
  readonly requestOf: (kept: readonly MessageRecord[]) => ModelRequest;
  readonly cap: number;
  readonly around: number;
}

/**
 * Drops the oldest messages until the upstream itself says that the prompt fits. Only one that can't count is
 * believed what was counted here.
 */
async function fitCap(model: ModelPort, context: CallContext, fitting: Fitting): Promise<Prompt> {
  const { requestOf, cap, around } = fitting;
  let messages = fitting.messages;
  for (;;) {
    const request = requestOf(messages);
    const counted = messages.reduce((sum, { tokens }) => sum + tokens + messageTokens, around);
    if (counted * uncertainty(request.model, messages) <= cap) return { request };
    const tokens = (await model.countInput(request, context)) ?? counted;
    if (tokens <= cap) return { request };
    // What came last stays: without it there is no question to answer.
    if (messages.length <= 1 || context.signal.aborted) return { exhausted: 'max_prompt_tokens' };
    messages = messages.slice(surplusMessages(messages, tokens - cap));
  }
}

/**
 * How far off counts in o200k_base may be. Encodings of models before gpt-4o need up to several times the tokens
 * for scripts other than Latin, and what a picture costs can't be told without looking at it.
 */
function uncertainty(model: string, messages: readonly MessageRecord[]): number {
  const isPicture = ({ type }: MessageContent) => type === 'image_url' || type === 'image_file';
  if (messages.some(({ message }) => message.content.some(isPicture))) return Infinity;
  return /^(?:gpt-3\.5|gpt-35|gpt-4(?![o.]))/.test(model) ? 5 : 1.5;
}

/** How many of the oldest messages have so many tokens, one at least; the newest is none of them. */
function surplusMessages(messages: readonly MessageRecord[], tokens: number): number {
  let dropped = 0;
  for (let left = tokens; left > 0 && dropped < messages.length - 1; dropped += 1) {
    left -= messages[dropped]!.tokens + messageTokens;
  }
  return dropped;
}

/** What a message costs beside its text, by OpenAI's cookbook. */
const messageTokens = 4;

/**
 * The newest messages of a thread, the oldest of them first, that by their own counts have no more than `room`
 * tokens, but one at least. What the run itself has said is in its turns.
 */
async function newestMessages(
  store: AssistantStore,
  org: string,
  { run }: RunRecord,
  room: number,
): Promise<MessageRecord[]> {
  const partition = threadPartition(org, run.thread_id);
  const { last_messages: last } = run.truncation_strategy;
  const most = run.truncation_strategy.type === 'last_messages' && last !== null ? last : Infinity;
  const kept: MessageRecord[] = [];
  let left = room;
  let after: string | undefined;
  for (;;) {
    const limit = Math.min(pageSize, most - kept.length);
    if (limit <= 0) return kept.toReversed();
    const page = await store.list(partition, lists.messages, {
      limit,
      order: 'desc',
      ...(after !== undefined && { after }),
    });
    for (const { body } of page?.documents ?? []) {
      const record = JSON.parse(body) as MessageRecord;
      if (record.message.run_id === run.id) continue;
      left -= record.tokens + messageTokens;
      if (left < 0 && kept.length > 0) return kept.toReversed();
      kept.push(record);
    }
    after = page?.documents.at(-1)?.id;
    if (!page?.hasMore || after === undefined) return kept.toReversed();
  }
}

/**
 * The tokens of everything that is no message of the thread: a bound that is cheap to tell where that is near to
 * nothing, else counted.
 */
async function boundAround(
  { counter }: PromptParts,
  { run, turns }: RunRecord,
  room: number,
): Promise<number> {
  const texts = [run.instructions, ...run.tools.map((tool) => JSON.stringify(tool)), ...turns.map(textOf)];
  const bound = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 8, 0);
  if (bound < room / 20) return bound;
  const counted = await counter.count(texts, run.model).catch(() => bound);
  return counted + 8 * texts.length;
}

function textOf(turn: Turn): string {
  return turn.type === 'output' ? turn.output : JSON.stringify(turn);
}

function turnOf({ role, content }: MessageRecord['message']): Turn {
  return { type: 'message', role, content };
}

/** Forced again behind each output, a tool would be called for ever. */
function choiceOf({ run: { tool_choice: choice }, turns }: RunRecord): ToolChoice {
  return choice !== 'none' && turns.some(({ type }) => type === 'output') ? 'auto' : choice;
}

function leftOf(cap: number | null, used: number): number | undefined {
  return cap === null ? undefined : cap - used;
}
