import type {
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';

import { invalid, missing } from './api-error.ts';
import type { Prompt, PromptFunction, PromptMessage } from './model.ts';

/** What the model sees of a Chat Completions request. */
export function chatPrompt(body: ChatCompletionCreateParams, model: string): Prompt {
  if (!body.messages) throw missing('messages');
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    throw invalid('messages', "Invalid 'messages': empty array. Expected an array with minimum length 1.");
  }
  return {
    model,
    messages: body.messages.flatMap(toMessages),
    functions: offeredFunctions(body),
    toolChoice: toolChoice(body),
    parallelToolCalls: body.parallel_tool_calls ?? true,
    format: formatOf(body.response_format),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    effort: body.reasoning_effort,
  };
}

/** The text of a message's content, whatever form it has. */
export function textOf(content: ChatCompletionMessageParam['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(partText).join('\n');
}

function partText(
  part: Exclude<ChatCompletionMessageParam['content'], string | null | undefined>[number],
): string {
  if (part.type === 'text') return part.text;
  return part.type === 'image_url' ? '[image]' : `[${part.type}]`;
}

function toMessages(message: ChatCompletionMessageParam): PromptMessage[] {
  const text = textOf(message.content);
  switch (message.role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', text }];
    case 'tool':
    case 'function':
      return [{ role: 'tool', text }];
    case 'assistant': {
      const calls = (message.tool_calls ?? []).flatMap((call): PromptMessage[] =>
        call.type === 'function'
          ? [{ role: 'assistant', text: `${call.function.name}(${call.function.arguments})` }]
          : [],
      );
      return text === '' && calls.length > 0 ? calls : [{ role: 'assistant', text }, ...calls];
    }
    case 'user':
      return [{ role: 'user', text }];
    default:
      throw invalid('messages[0].role', 'Invalid value: supported values are system, assistant, user, tool.');
  }
}

function offeredFunctions(body: ChatCompletionCreateParams): PromptFunction[] {
  const tools = (body.tools ?? []).flatMap((tool) => (tool.type === 'function' ? [tool.function] : []));
  return [...tools, ...(body.functions ?? [])].map(({ name, description, parameters }) => ({
    name,
    description,
    parameters,
  }));
}

function toolChoice(body: ChatCompletionCreateParams): Prompt['toolChoice'] {
  const choice = body.tool_choice ?? body.function_call ?? 'auto';
  if (typeof choice === 'string') return choice;
  if ('name' in choice) return { name: choice.name };
  return choice.type === 'function' ? { name: choice.function.name } : 'auto';
}

function formatOf(format: ChatCompletionCreateParams['response_format']): Prompt['format'] {
  if (format?.type === 'json_schema') return { type: 'json_schema', schema: format.json_schema.schema };
  return format?.type === 'json_object' ? { type: 'json_object' } : { type: 'text' };
}
