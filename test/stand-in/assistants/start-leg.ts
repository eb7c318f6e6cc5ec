import type { FunctionTool } from 'openai/resources/beta/assistants';
import type { Run } from 'openai/resources/beta/threads/runs/runs';

import { readDirectives } from '../directives.ts';
import type { FileStore } from '../files.ts';
import type { Mint } from '../mint.ts';
import type { Model, Prompt, PromptMessage } from '../model.ts';
import { resolveModel } from '../models.ts';
import { codeOf } from '../run-code.ts';
import type { SearchHit } from '../search.ts';
import type { Tokens } from '../tokens.ts';
import { endEarly } from './end-early.ts';
import { type Leg, usageOf } from './leg.ts';
import { messageText } from './messages.ts';
import { planLeg } from './plan-leg.ts';
import type { RunEntry, ThreadEntry } from './thread-state.ts';
import { writeFiles } from './write-files.ts';

export interface LegOptions {
  model: Model;
  tokens: Tokens;
  files: FileStore;
  search(vectorStoreIds: string[], query: string, maxResults: number): SearchHit[];
  nowMs: () => number;
  chunkDelayMs: number;
  queuedMs: number;
  workMs: number;
}

/** Asks the model, and plans what the run will tell from now until it stops again, or expires. */
export function startLeg(options: LegOptions, entry: ThreadEntry, run: RunEntry, mint: Mint): void {
  const asked = promptOf(entry, run);
  const maxInput = leftOf(run.run.max_prompt_tokens, run.usedBefore.prompt_tokens);
  const prompt = fitPrompt(options.model, asked, run.exchanged.length, maxInput);
  const lastUser = prompt.messages.findLast((message) => message.role === 'user');
  const { search } = readDirectives(lastUser?.text ?? '');
  const searching = run.run.tools.find((tool) => tool.type === 'file_search');
  const hits =
    search !== undefined && searching
      ? options.search(run.vectorStoreIds, search, searching.file_search?.max_num_results ?? 20)
      : undefined;
  const interpreter = run.run.tools.some((tool) => tool.type === 'code_interpreter');
  const answer = options.model.complete({ ...prompt, findings: hits?.map((hit) => hit.text) ?? [] });
  const { completion, written } = interpreter
    ? writeFiles(options, mint, answer, prompt.maxTokens)
    : { completion: answer, written: [] };
  const code = interpreter ? codeOf(answer) : '';
  const unaffordable = capReached(prompt.maxTokens, completion.usage.inputTokens, maxInput);
  const { inputTokens, outputTokens } = unaffordable ? { inputTokens: 0, outputTokens: 0 } : completion.usage;

  const { thinkMs, delayMs = options.chunkDelayMs } = completion.directives;
  run.legStartsAtMs = options.nowMs() + options.queuedMs;
  run.legEndsAtMs = run.legStartsAtMs + options.workMs + thinkMs + delayMs * outputTokens;
  run.legUsage = usageOf(inputTokens, outputTokens);
  run.legBuiltIn = [
    ...(hits ? [`file_search(${search})`] : []),
    ...(code === '' ? [] : [`code_interpreter(${code})`]),
  ].map((text) => ({ role: 'assistant', text }));
  const events = [
    ...planLeg({
      run: run.run,
      completion,
      usedBefore: run.usedBefore,
      hits,
      ranking: searching?.file_search?.ranking_options,
      code,
      written,
      startedAt: secondsAt(run, run.legStartsAtMs),
      endedAt: secondsAt(run, run.legEndsAtMs),
      mint,
      tokens: options.tokens,
      unaffordable,
    }),
  ];
  const stepMs = (run.legEndsAtMs - run.legStartsAtMs) / Math.max(1, events.length - 1);
  for (const [index, event] of events.entries()) {
    const dueMs = run.legStartsAtMs + index * stepMs;
    if (dueMs < run.expiresAtMs) run.plan.push({ event, dueMs });
  }
  const stopped = run.plan.at(-1)?.event.event;
  if (stopped === 'thread.run.requires_action' || run.legEndsAtMs >= run.expiresAtMs) {
    run.plan.push(...endEarly(run, 'expired', run.expiresAtMs));
  }
}

/** Unix seconds, counted from when the run was created. */
export function secondsAt(run: RunEntry, atMs: number): number {
  return run.run.created_at + Math.round((atMs - run.createdAtMs) / 1000);
}

function promptOf(entry: ThreadEntry, { run, exchanged, seenMessages, usedBefore }: RunEntry): Prompt {
  const said = [...entry.messages.values()].slice(0, seenMessages).map((message): PromptMessage => ({
    role: message.role,
    text: messageText(message),
  }));
  const kept =
    run.truncation_strategy?.type === 'last_messages' ? run.truncation_strategy.last_messages : null;
  return {
    model: resolveModel(run.model),
    messages: [
      ...(run.instructions ? [{ role: 'system' as const, text: run.instructions }] : []),
      ...(kept ? said.slice(-kept) : said),
      ...exchanged,
    ],
    functions: run.tools
      .filter((tool): tool is FunctionTool => tool.type === 'function')
      .map(({ function: { name, description, parameters } }) => ({ name, description, parameters })),
    toolChoice: toolChoice(run.tool_choice),
    parallelToolCalls: run.parallel_tool_calls,
    format: formatOf(run.response_format),
    maxTokens: leftOf(run.max_completion_tokens, usedBefore.completion_tokens),
    effort: run.reasoning_effort,
  };
}

/** Caps are the whole run's. Undefined: no cap. */
function leftOf(cap: number | null, used: number): number | undefined {
  return cap === null ? undefined : Math.max(0, cap - used);
}

/** Drops the oldest messages until the prompt fits; the newest stays, and what was exchanged since. */
function fitPrompt(
  model: Model,
  prompt: Prompt,
  exchanged: number,
  maxInput = Number.POSITIVE_INFINITY,
): Prompt {
  const messages = [...prompt.messages];
  const oldest = messages[0]?.role === 'system' ? 1 : 0;
  const stay = oldest + 1 + exchanged;
  while (messages.length > stay && model.countInput({ ...prompt, messages }) > maxInput) {
    messages.splice(oldest, 1);
  }
  return { ...prompt, messages };
}

/** The least output that the Responses API lets a caller ask for. */
const leastOutputTokens = 16;

function capReached(
  maxOutput = Number.POSITIVE_INFINITY,
  input: number,
  maxInput = Number.POSITIVE_INFINITY,
): Leg['unaffordable'] {
  if (input > maxInput) return 'max_prompt_tokens';
  return maxOutput < leastOutputTokens ? 'max_completion_tokens' : undefined;
}

function toolChoice(choice: Run['tool_choice']): Prompt['toolChoice'] {
  if (choice === 'none' || choice === 'required') return choice;
  return typeof choice === 'object' && choice?.function ? { name: choice.function.name } : 'auto';
}

function formatOf(format: Run['response_format']): Prompt['format'] {
  if (typeof format !== 'object' || format === null) return { type: 'text' };
  return format.type === 'json_schema' ? { type: 'json_schema', schema: format.json_schema.schema } : format;
}
