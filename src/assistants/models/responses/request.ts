import { mayThinkUnseen } from '../../../openai/model-name.ts';
import type { ResponseFormat, ToolChoice } from '../../wire.ts';
import type { ModelRequest } from '../model-call.ts';
import { toInputItems } from './input-items.ts';
import { type OfferedTool, offeredTools } from './offered-tools.ts';
import type { UpstreamStore } from './upstream-store.ts';

/** The body of POST /responses. */
export function toResponseRequest(request: ModelRequest, upstreamStore: UpstreamStore) {
  const include = included(request, upstreamStore);
  return {
    ...toInputRequest(request, upstreamStore),
    stream: true,
    store: upstreamStore === 'keep',
    ...(include.length > 0 && { include }),
    ...(request.maxOutputTokens !== undefined && { max_output_tokens: request.maxOutputTokens }),
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(request.topP !== undefined && { top_p: request.topP }),
    metadata: fitMetadata(request.metadata),
  };
}

/** What of it counts as input: the body of POST /responses/input_tokens. */
export function toInputRequest(request: ModelRequest, upstreamStore: UpstreamStore) {
  const tools = offeredTools(request);
  const toolChoice = toToolChoice(request.toolChoice, tools);
  return {
    model: request.model,
    ...(request.instructions !== '' && { instructions: request.instructions }),
    input: toInputItems(request.turns, upstreamStore),
    ...(tools.length > 0 && { tools }),
    ...(toolChoice !== undefined && { tool_choice: toolChoice }),
    ...(!request.parallelToolCalls && tools.length > 0 && { parallel_tool_calls: false }),
    ...(request.responseFormat !== 'auto' && { text: { format: toTextFormat(request.responseFormat) } }),
    ...(request.reasoningEffort !== undefined && { reasoning: { effort: request.reasoningEffort } }),
    truncation: 'auto',
  };
}

function included({ tools, vectorStoreIds, model }: ModelRequest, upstreamStore: UpstreamStore): string[] {
  const offers = (type: string) => tools.some((tool) => tool.type === type);
  return [
    ...(offers('file_search') && vectorStoreIds.length > 0 ? [includes.searchResults] : []),
    ...(offers('code_interpreter') ? [includes.codeOutputs] : []),
    ...(upstreamStore === 'forget' && mayThinkUnseen(model) ? [includes.reasoning] : []),
  ];
}

/** What an answer tells only to those who ask for it. */
export const includes = {
  searchResults: 'file_search_call.results',
  codeOutputs: 'code_interpreter_call.outputs',
  reasoning: 'reasoning.encrypted_content',
};

/** Undefined for the default, and for a choice among tools that are not offered, which would be refused. */
function toToolChoice(choice: ToolChoice, tools: readonly OfferedTool[]): string | object | undefined {
  if (choice === 'auto' || tools.length === 0) return undefined;
  if (typeof choice === 'string') return choice;
  if (choice.type === 'function') return { type: 'function', name: choice.function?.name ?? '' };
  return tools.some(({ type }) => type === choice.type) ? { type: choice.type } : undefined;
}

function toTextFormat(format: Exclude<ResponseFormat, 'auto'>): object {
  if (format.type !== 'json_schema') return { type: format.type };
  const { schema = {}, ...named } = format.json_schema;
  return { type: 'json_schema', ...named, schema };
}

/** As the API takes it: 16 pairs, with keys of 64 and values of 512 characters at most. */
function fitMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(metadata).slice(0, 16);
  return Object.fromEntries(pairs.map(([key, value]) => [key.slice(0, 64), value.slice(0, 512)]));
}
