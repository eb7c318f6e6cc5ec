import { isRecord } from './is-record.ts';
import { isTokenCount } from './token-count.ts';

/** Input that can't be seen in a request, in tokens. Whoever knows better gives other numbers. */
export interface Estimates {
  /** An image of which `mostImageTokens` knows nothing. */
  readonly imageTokens: number;
  /** The same with `detail: original`. */
  readonly originalImageTokens: number;
  /** A file, and each started MiB of one that is sent inline. */
  readonly fileTokens: number;
  /** What is stored upstream: `previous_response_id`, `conversation`, `prompt`, item references, a run's thread. */
  readonly conversationTokens: number;
  /** One of file search's results; there are `max_num_results` of them, else 20. A chunk has 800 by default. */
  readonly fileSearchChunkTokens: number;
  /** What a web search adds. OpenAI's price list has blocks of 8,000. */
  readonly webSearchTokens: number;
  readonly codeInterpreterTokens: number;
  readonly mcpTokens: number;
  /** A hosted tool of another kind, such as computer use or a shell. */
  readonly hostedToolTokens: number;
}

/** What a hosted tool adds to the input; nothing for one that the caller runs. */
export function hostedToolTokens(tool: Record<string, unknown>, estimates: Estimates): number {
  const { type } = tool;
  if (typeof type !== 'string' || type === 'function' || type === 'custom') return 0;
  if (type === 'file_search') {
    const options = isRecord(tool['file_search']) ? tool['file_search'] : tool;
    const chunks = options['max_num_results'];
    return (isTokenCount(chunks) ? chunks : 20) * estimates.fileSearchChunkTokens;
  }
  if (type.startsWith('web_search')) return estimates.webSearchTokens;
  if (type === 'code_interpreter') return estimates.codeInterpreterTokens;
  return type === 'mcp' ? estimates.mcpTokens : estimates.hostedToolTokens;
}

/** A text that is sent inline as base64 has at most a token for each byte of it. */
export function fileTokens(part: Record<string, unknown>, estimates: Estimates): number {
  const file = isRecord(part['file']) ? part['file'] : part;
  const data = file['file_data'];
  if (typeof data !== 'string') return estimates.fileTokens;
  const bytes = Math.ceil(data.length * 0.75);
  if (data.startsWith('data:text/')) return bytes;
  return Math.max(1, Math.ceil(bytes / 1_048_576)) * estimates.fileTokens;
}

/**
 * Sound costs a token for each 100 ms (OpenAI's guide "Managing realtime costs"), and no encoding that is taken
 * needs less than 8 kbit/s, so a token for each 100 bytes bounds it. Sound that is stored counts as a file.
 */
export function audioTokens(audio: unknown, estimates: Estimates): number {
  const data = isRecord(audio) ? audio['data'] : undefined;
  return typeof data === 'string' ? Math.ceil((data.length * 0.75) / 100) : estimates.fileTokens;
}
