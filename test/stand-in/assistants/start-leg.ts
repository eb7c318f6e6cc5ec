import type { FunctionTool } from 'openai/resources/beta/assistants';
import type { Run } from 'openai/resources/beta/threads/runs/runs';

import { readDirectives } from '../directives.ts';
import type { Mint } from '../mint.ts';
import type { Model, Prompt, PromptMessage } from '../model.ts';
import { resolveModel } from '../models.ts';
import type { SearchHit } from '../search.ts';
import type { Tokens } from '../tokens.ts';
import { endEarly } from './end-early.ts';
import { usageOf } from './leg.ts';
import { messageText } from './messages.ts';
import { planLeg } from './plan-leg.ts';
import type { RunEntry, ThreadEntry } from './thread-state.ts';

export interface LegOptions {
  model: Model;
  tokens: Tokens;
  search(vectorStoreIds: string[], query: string, maxResults: number): SearchHit[];
  nowMs: () => number;
  chunkDelayMs: number;
  queuedMs: number;
  workMs: number;
}

/** Asks the model, and plans what the run will tell from now until it stops again, or expires. */
export function startLeg(options: LegOptions, entry: ThreadEntry, run: RunEntry, mint: Mint): void {
  const asked = promptOf(entry, run);
  const prompt = fitPrompt(options.model, asked, run.run.max_prompt_tokens);
  const lastUser = prompt.messages.findLast((message) => message.role === 'user');
  const { search } = readDirectives(lastUser?.text ?? '');
  const offers = (type: string) => run.run.tools.some((tool) => tool.type === type);
  const hits =
    search !== undefined && offers('file_search')
      ? options.search(run.vectorStoreIds, search, 20)
      : undefined;
  const completion = options.model.complete({ ...prompt, findings: hits?.map((hit) => hit.text) ?? [] });
  const { inputTokens, outputTokens } = completion.usage;
  const promptLimit = run.run.max_prompt_tokens ?? Number.POSITIVE_INFINITY;

  const { thinkMs, delayMs = options.chunkDelayMs } = completion.directives;
  run.legStartsAtMs = options.nowMs() + options.queuedMs;
  run.legEndsAtMs = run.legStartsAtMs + options.workMs + thinkMs + delayMs * outputTokens;
  run.legUsage = usageOf(inputTokens, outputTokens);
  const events = [
    ...planLeg({
      run: run.run,
      completion,
      usedBefore: run.usedBefore,
      hits,
      codeInterpreter: offers('code_interpreter'),
      startedAt: secondsAt(run, run.legStartsAtMs),
      endedAt: secondsAt(run, run.legEndsAtMs),
      mint,
      tokens: options.tokens,
      promptTooLong: run.usedBefore.prompt_tokens + inputTokens > promptLimit,
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

function promptOf(entry: ThreadEntry, { run, exchanged, effort, usedBefore }: RunEntry): Prompt {
  const said = [...entry.messages.values()].map((message): PromptMessage => ({
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
      .map((tool) => ({ name: tool.function.name, parameters: tool.function.parameters })),
    toolChoice: toolChoice(run.tool_choice),
    parallelToolCalls: run.parallel_tool_calls,
    format: formatOf(run.response_format),
    // The cap is the whole run's.
    maxTokens:
      run.max_completion_tokens === null
        ? undefined
        : Math.max(0, run.max_completion_tokens - usedBefore.completion_tokens),
    effort,
  };
}

/** Drops the oldest messages until the prompt fits; the instructions and what came last stay. */
function fitPrompt(model: Model, prompt: Prompt, maxPromptTokens: number | null): Prompt {
  if (maxPromptTokens === null) return prompt;
  const messages = [...prompt.messages];
  const oldest = messages[0]?.role === 'system' ? 1 : 0;
  while (messages.length > oldest + 1 && model.countInput({ ...prompt, messages }) > maxPromptTokens) {
    if (messages[oldest + 1]?.role === 'tool') break;
    messages.splice(oldest, 1);
  }
  return { ...prompt, messages };
}

function toolChoice(choice: Run['tool_choice']): Prompt['toolChoice'] {
  if (choice === 'none' || choice === 'required') return choice;
  return typeof choice === 'object' && choice?.function ? { name: choice.function.name } : 'auto';
}

function formatOf(format: Run['response_format']): Prompt['format'] {
  if (typeof format !== 'object' || format === null) return { type: 'text' };
  return format.type === 'json_schema' ? { type: 'json_schema', schema: format.json_schema.schema } : format;
}
