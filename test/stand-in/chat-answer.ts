import type {
  ChatCompletion,
  ChatCompletionCreateParams,
  ChatCompletionMessage,
} from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';

import type { Mint } from './mint.ts';
import type { Completion, TokenUsage } from './model.ts';

/** The ids of one choice's calls are drawn once, so that a stream and its stored copy agree. */
export interface Choice {
  completion: Completion;
  callIds: string[];
}

/** The answer to a Chat Completions request. */
export function toChatCompletion(
  mint: Mint,
  model: string,
  choices: Choice[],
  body: ChatCompletionCreateParams,
): ChatCompletion {
  return {
    id: mint.id('chatcmpl-', 29),
    object: 'chat.completion',
    created: mint.seconds(),
    model,
    choices: choices.map((choice, index) => ({
      index,
      message: toMessage(choice, body),
      logprobs: null,
      finish_reason: finishReason(choice.completion, body),
    })),
    usage: toUsage(sumUsage(choices.map((choice) => choice.completion.usage))),
    service_tier: 'default',
    system_fingerprint: 'fp_standin000',
  };
}

/** `functions` is the form that `tools` replaced; it is answered in kind. */
export function isLegacy(body: ChatCompletionCreateParams): boolean {
  return !body.tools && Boolean(body.functions);
}

export function finishReason(
  completion: Completion,
  body: ChatCompletionCreateParams,
): 'stop' | 'length' | 'tool_calls' | 'function_call' {
  if (completion.finish !== 'toolCalls') return completion.finish;
  return isLegacy(body) ? 'function_call' : 'tool_calls';
}

function toMessage({ completion, callIds }: Choice, body: ChatCompletionCreateParams): ChatCompletionMessage {
  const message: ChatCompletionMessage = {
    role: 'assistant',
    content: completion.refusal || completion.calls.length > 0 ? null : completion.text,
    refusal: completion.refusal ? completion.text : null,
    annotations: [],
  };
  const [first] = completion.calls;
  if (!first) return message;
  if (isLegacy(body)) return { ...message, function_call: first };
  return {
    ...message,
    tool_calls: completion.calls.map((called, index) => ({
      id: callIds[index] ?? '',
      type: 'function',
      function: called,
    })),
  };
}

/** The prompt counts once, however many choices were asked for. */
export function sumUsage(usages: TokenUsage[]): TokenUsage {
  const sum = (pick: (usage: TokenUsage) => number) =>
    usages.reduce((total, usage) => total + pick(usage), 0);
  return {
    inputTokens: usages[0]?.inputTokens ?? 0,
    cachedTokens: usages[0]?.cachedTokens ?? 0,
    outputTokens: sum((usage) => usage.outputTokens),
    reasoningTokens: sum((usage) => usage.reasoningTokens),
  };
}

export function toUsage(usage: TokenUsage): CompletionUsage {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
