import { type Dispatcher, Pool } from 'undici';

import { AnalyzerFailure, type AnalyzerTransport } from '../redaction/analyzer/analyzer.ts';

interface PresidioTransportSettings {
  /** Without a trailing slash; `/analyze` is put behind it. */
  readonly url: string;
  /** A longer answer is a failure. */
  readonly maxAnswerBytes?: number;
}

/** Room for tens of thousands of findings. */
const usualMaxAnswerBytes = 4_194_304;
const maxConnections = 16;

/** Keep-alive connections to a Presidio analyzer, and to nowhere that it redirects to. */
export function createPresidioTransport({
  url,
  maxAnswerBytes = usualMaxAnswerBytes,
}: PresidioTransportSettings): AnalyzerTransport {
  const { origin, pathname } = new URL(url);
  const path = `${pathname === '/' ? '' : pathname}/analyze`;
  // How long it may take is in the signal.
  const pool = new Pool(origin, {
    connections: maxConnections,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });

  async function send(body: string, signal: AbortSignal) {
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const response = await pool.request({ path, method: 'POST', headers, body, signal });
    return { status: response.statusCode, body: await readAll(response.body, maxAnswerBytes) };
  }

  return {
    async post(json, signal) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await send(json, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof AnalyzerFailure) throw error;
          // A connection that was closed while it was idle; an analysis changes nothing, and may be asked for again.
          if (attempt === 1 && wasClosed(error)) continue;
          throw unreachable(error);
        }
      }
    },
    close: () => pool.destroy(),
  };
}

async function readAll(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) {
      throw new AnalyzerFailure('analyzer_answer', `the analyzer answered more than ${maxBytes} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function wasClosed(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function unreachable(cause: unknown): AnalyzerFailure {
  const code = codeOf(cause);
  const reason = code === undefined ? '' : ` (${code})`;
  return new AnalyzerFailure('analyzer_unreachable', `the analyzer could not be reached${reason}`, { cause });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
