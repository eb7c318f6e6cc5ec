import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';

import { ProxyError } from '../errors.ts';
import {
  type Exchange,
  type Handler,
  type Identity,
  type Metadata,
  type Outcome,
  type Reply,
  type Sink,
  newCallRecord,
} from '../exchange.ts';
import { matchOperation } from '../openai/match-operation.ts';
import { createEventSplitter, readData } from '../openai/sse.ts';
import { readTraceparent } from '../telemetry/trace-context.ts';
import type { CallTrace } from '../telemetry/tracing.ts';

/** A call that the sidecar makes itself, on behalf of somebody. */
export interface UpstreamCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the API's prefix, perhaps with a query. */
  readonly path: string;
  readonly body?: object;
  /** Who pays. */
  readonly identity: Identity;
  /** Of the run that asks, if one does. */
  readonly runMetadata?: Metadata | undefined;
  readonly signal: AbortSignal;
  readonly trace?: CallTrace | undefined;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** Undefined if the answer was no JSON, or, of a stream, if it was told as events. */
  readonly value: unknown;
  readonly outcome: Outcome;
}

/** Both methods reject with what the pipeline rejects with. */
export interface UpstreamCalls {
  json(call: UpstreamCall): Promise<UpstreamAnswer>;
  /**
   * Tells the data of each event as it comes; resolves at the end, however that comes about. An answer that is no
   * event stream, as errors are, is read as JSON.
   */
  stream(call: UpstreamCall, onData: (data: Buffer) => void): Promise<UpstreamAnswer>;
}

/** Answers that are longer are no JSON to us: nothing that is asked for here is near that. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** @param handler the pipeline below the edge: what it says of budgets, limits and usage holds for these calls too. */
export function createUpstreamCalls(handler: Handler): UpstreamCalls {
  return {
    async json(call) {
      return readJson(await handler(exchangeOf(call)));
    },
    async stream(call, onData) {
      const reply = await handler(exchangeOf(call));
      const isStream = String(reply.headers['content-type']).startsWith('text/event-stream');
      if (!isStream || reply.status >= 400) return readJson(reply);
      const splitter = createEventSplitter();
      const tell = (parts: ReturnType<typeof splitter.push>) => {
        for (const { bytes, isEvent } of parts) {
          const data = isEvent ? readData(bytes) : undefined;
          if (data) onData(data);
        }
      };
      reply.body({
        write(chunk) {
          tell(splitter.push(chunk));
          return true;
        },
        end: () => tell(splitter.end()),
        fail: () => tell(splitter.end()),
      });
      return { status: reply.status, value: undefined, outcome: await reply.finished };
    },
  };
}

function exchangeOf(call: UpstreamCall): Exchange {
  const { method, path: pathAndQuery, body, identity, runMetadata, signal, trace } = call;
  const queryAt = pathAndQuery.indexOf('?');
  const path = queryAt === -1 ? pathAndQuery : pathAndQuery.slice(0, queryAt);
  const match = matchOperation(method, `/v1${path}`);
  // An id that a caller or an upstream made up may be a step up the path.
  if (!match) throw new ProxyError('malformed_path');
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return {
    id: `req_${randomUUID()}`,
    method,
    operation: match.operation,
    path,
    query: queryAt === -1 ? '' : pathAndQuery.slice(queryAt),
    deployment: undefined,
    headers: {
      ...trace?.headers,
      ...(bytes && { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
    },
    body: bytes ? { kind: 'json', bytes, value: body } : { kind: 'none' },
    identity,
    runMetadata,
    signal,
    // It was kept as it may be told.
    record: { ...newCallRecord(), identity },
    ...(trace && traced(trace)),
  };
}

function traced({ headers, span }: CallTrace): Pick<Exchange, 'traceId' | 'traceIsKept' | 'span'> {
  const context = span ?? readTraceparent(headers.traceparent);
  if (!context) return {};
  // What else is kept is for the run to say, which may go well though one of its calls fails.
  const { traceId, isSampled } = context;
  return { traceId, ...(isSampled && { traceIsKept: 'always' }), ...(span && { span }) };
}

async function readJson(reply: Reply): Promise<UpstreamAnswer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const sink: Sink = {
    write(chunk) {
      length += chunk.length;
      if (length <= maxAnswerBytes) chunks.push(chunk);
      return true;
    },
    end() {},
    fail() {},
  };
  reply.body(sink);
  const outcome = await reply.finished;
  const isWhole = outcome.ending === 'complete' && length <= maxAnswerBytes;
  return { status: reply.status, value: isWhole ? parse(Buffer.concat(chunks)) : undefined, outcome };
}

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
