import type {
  FunctionTool,
  ResponseCreateParams,
  ResponseOutputText,
  ResponseUsage,
} from 'openai/resources/responses/responses';

import type { Mint } from './mint.ts';
import type { Completion, Prompt, TokenUsage } from './model.ts';
import { isReasoningModel } from './model.ts';
import { toMessages } from './response-items.ts';
import type { Item, OutputItem, WireResponse } from './response-wire.ts';
import type { CodeRun } from './run-code.ts';
import type { SearchHit } from './search.ts';

/** What the model sees of a Responses request. */
export function responsePrompt(
  body: Pick<
    ResponseCreateParams,
    | 'instructions'
    | 'tools'
    | 'tool_choice'
    | 'parallel_tool_calls'
    | 'text'
    | 'max_output_tokens'
    | 'reasoning'
  >,
  model: string,
  context: readonly Item[],
): Prompt {
  const instructions = body.instructions ? [{ role: 'system' as const, text: body.instructions }] : [];
  return {
    model,
    messages: [...instructions, ...toMessages(context)],
    functions: (body.tools ?? []).filter((tool): tool is FunctionTool => tool.type === 'function'),
    toolChoice: toolChoice(body.tool_choice),
    parallelToolCalls: body.parallel_tool_calls ?? true,
    format: body.text?.format ?? { type: 'text' },
    maxTokens: body.max_output_tokens ?? undefined,
    effort: body.reasoning?.effort,
  };
}

function toolChoice(choice: ResponseCreateParams['tool_choice']): Prompt['toolChoice'] {
  if (choice === 'none' || choice === 'required') return choice;
  return typeof choice === 'object' && choice.type === 'function' ? { name: choice.name } : 'auto';
}

/** A response before the model has said anything. */
export function openResponse(
  body: ResponseCreateParams,
  mint: Mint,
  model: string,
  conversationId: string | undefined,
): WireResponse {
  return {
    id: mint.id('resp_', 50),
    object: 'response',
    created_at: mint.seconds(),
    status: body.background ? 'queued' : 'in_progress',
    background: body.background ?? false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: {
      effort: body.reasoning?.effort ?? (isReasoningModel(model) ? 'medium' : null),
      summary: null,
    },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: body.text?.format ?? { type: 'text' }, verbosity: body.text?.verbosity ?? 'medium' },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    usage: null,
    ...(body.user ? { user: body.user } : {}),
    metadata: body.metadata ?? {},
    access_programs: null,
    ...(conversationId ? { conversation: { id: conversationId } } : {}),
  };
}

/** The response as it ends. */
export function closeResponse(
  open: WireResponse,
  completion: Completion,
  output: OutputItem[],
  completedAt: number,
): WireResponse {
  const usage = toResponseUsage(completion.usage);
  const { fail } = completion.directives;
  if (fail) {
    const code = fail === 'rate_limit_exceeded' || fail === 'invalid_prompt' ? fail : 'server_error';
    const error = { code, message: 'The model failed to generate a response.' } as const;
    return { ...open, status: 'failed', error, usage };
  }
  if (completion.finish === 'length') {
    const incomplete_details = { reason: 'max_output_tokens' as const };
    return { ...open, status: 'incomplete', incomplete_details, output, usage };
  }
  return { ...open, status: 'completed', completed_at: completedAt, output, usage };
}

export function toResponseUsage(usage: TokenUsage): ResponseUsage {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

/** The items of the answer, in the order in which the model produces them. */
export function toOutput(
  completion: Completion,
  mint: Mint,
  context: {
    hits: SearchHit[] | undefined;
    codeRun: CodeRun | undefined;
    includeResults: boolean;
    includeOutputs: boolean;
    includeReasoning: boolean;
  },
): OutputItem[] {
  const { directives, usage, finish } = completion;
  const output: OutputItem[] = [];
  if (usage.reasoningTokens > 0) {
    const id = mint.id('rs_', 48);
    const encrypted = { encrypted_content: Buffer.from(id).toString('base64') };
    output.push({ id, type: 'reasoning', summary: [], ...(context.includeReasoning ? encrypted : {}) });
  }
  if (context.hits && directives.search !== undefined) {
    output.push({
      id: mint.id('fs_', 48),
      type: 'file_search_call',
      status: 'completed',
      queries: [directives.search],
      results: context.includeResults ? context.hits.map(toResult) : null,
    });
  }
  if (context.codeRun) {
    output.push({
      id: mint.id('ci_', 48),
      type: 'code_interpreter_call',
      status: 'completed',
      code: context.codeRun.code,
      container_id: context.codeRun.containerId,
      outputs: context.includeOutputs ? [{ type: 'logs', logs: 'done\n' }] : null,
    });
  }
  for (const called of completion.calls) {
    output.push({
      id: mint.id('fc_', 48),
      type: 'function_call',
      status: finish === 'length' && called === completion.calls.at(-1) ? 'incomplete' : 'completed',
      arguments: called.arguments,
      call_id: mint.id('call_', 24),
      name: called.name,
    });
  }
  if (completion.calls.length === 0 && (completion.text !== '' || finish === 'stop')) {
    output.push({
      id: mint.id('msg_', 48),
      type: 'message',
      status: finish === 'length' ? 'incomplete' : 'completed',
      role: 'assistant',
      content: completion.refusal
        ? [{ type: 'refusal', refusal: completion.text }]
        : [
            {
              type: 'output_text',
              annotations: [...citations(completion, context.hits), ...(context.codeRun?.citations ?? [])],
              logprobs: [],
              text: completion.text,
            },
          ],
    });
  }
  return output;
}

function toResult(hit: SearchHit) {
  return { file_id: hit.fileId, filename: hit.filename, score: hit.score, text: hit.text, attributes: {} };
}

/** One for each file that was found, at the end of the text. */
function citations(completion: Completion, hits: SearchHit[] | undefined): ResponseOutputText.FileCitation[] {
  const files = new Map((hits ?? []).map((hit) => [hit.fileId, hit.filename]));
  return [...files].map(([file_id, filename]) => ({
    type: 'file_citation',
    file_id,
    filename,
    index: completion.text.length,
  }));
}
