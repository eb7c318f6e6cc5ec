import { isRecord } from './is-record.ts';
import type { Service } from './price-usage.ts';
import type { ToolCalls } from './tool-calls.ts';

/** A hosted tool may be called this often where the request sets no `max_tool_calls`. */
const unsaidToolCalls = 10;

/** How a call may be served, at its dearest, by what its request asks for. */
export function boundService(request: unknown): Service {
  if (!isRecord(request)) return {};
  const tier = request['service_tier'];
  const toolCalls = mostToolCalls(request);
  return { ...(typeof tier === 'string' && { serviceTier: tier }), ...(toolCalls && { toolCalls }) };
}

function mostToolCalls(request: Record<string, unknown>): ToolCalls | undefined {
  const tools: unknown[] = Array.isArray(request['tools']) ? request['tools'] : [];
  const types = tools.map((tool) => (isRecord(tool) ? String(tool['type']) : ''));
  const said = request['max_tool_calls'];
  const most = Number.isSafeInteger(said) && Number(said) > 0 ? Number(said) : unsaidToolCalls;
  const callsOf = (name: string) => (types.some((type) => type.startsWith(name)) ? most : 0);
  const webSearch = callsOf('web_search') || (isRecord(request['web_search_options']) ? 1 : 0);
  const calls = {
    webSearch,
    fileSearch: callsOf('file_search'),
    codeInterpreter: callsOf('code_interpreter'),
  };
  return Object.values(calls).some((count) => count > 0) ? calls : undefined;
}
