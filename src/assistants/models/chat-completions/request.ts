import type { ToolChoice } from '../../wire.ts';
import type { ModelRequest } from '../model-call.ts';
import { toChatMessages } from './messages.ts';

/** The body of POST /chat/completions. Members that not every engine knows are sent only if they say something. */
export function toChatRequest(request: ModelRequest) {
  const tools = request.tools.filter((tool) => tool.type === 'function');
  const toolChoice = toToolChoice(request.toolChoice);
  return {
    model: request.model,
    messages: toChatMessages(request.instructions, request.turns),
    stream: true,
    stream_options: { include_usage: true },
    ...(tools.length > 0 && { tools }),
    // Both are refused where there is nothing to choose from.
    ...(tools.length > 0 && toolChoice !== undefined && { tool_choice: toolChoice }),
    ...(tools.length > 0 && !request.parallelToolCalls && { parallel_tool_calls: false }),
    ...(request.maxOutputTokens !== undefined && { max_completion_tokens: request.maxOutputTokens }),
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(request.topP !== undefined && { top_p: request.topP }),
    ...(request.responseFormat !== 'auto' && { response_format: request.responseFormat }),
    ...(request.reasoningEffort !== undefined && { reasoning_effort: request.reasoningEffort }),
  };
}

/** Undefined for the default, and for tools that there are none of here. */
function toToolChoice(choice: ToolChoice): string | object | undefined {
  if (typeof choice === 'string') return choice === 'auto' ? undefined : choice;
  return choice.type === 'function'
    ? { type: 'function', function: { name: choice.function?.name ?? '' } }
    : undefined;
}
