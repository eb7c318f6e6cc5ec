import type { ApiAnswer, ApiHandler } from '../assistants/api-call.ts';
import type { Serving } from '../assistants/serving.ts';
import { ProxyError } from '../errors.ts';
import type { Exchange, Headers, Outcome, Policy, Reply, Sink } from '../exchange.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { isTracestate } from '../telemetry/trace-context.ts';
import type { CallTrace } from '../telemetry/tracing.ts';

/**
 * Answers the Assistants API itself, which OpenAI retired on 2026-08-26. With `served` undefined it is passed on, as
 * everything else is.
 */
export function serveAssistants(served: Pick<Serving, 'handlers' | 'containerPath'> | undefined): Policy {
  if (!served) return (next) => next;
  const { handlers, containerPath } = served;
  return (next) => async (exchange) => {
    const handler = Object.hasOwn(handlers, exchange.operation.name)
      ? handlers[exchange.operation.name]
      : undefined;
    if (exchange.operation.path.startsWith('/files/{')) {
      // Applications look for the files of a container among all others.
      const path = await containerPath(exchange).catch(refuseOutage);
      if (path === undefined) return next(exchange);
      return handler ? replyOf(exchange, await answer(handler, exchange)) : next({ ...exchange, path });
    }
    if (!handler) return next(exchange);
    requireVersion(exchange.headers);
    return replyOf(exchange, await answer(handler, exchange));
  };
}

function answer(handler: ApiHandler, exchange: Exchange): Promise<ApiAnswer> {
  const { body, query, signal, identity = nobody, record } = exchange;
  record.stage = 'waiting';
  return handler({
    identity,
    ids: idsIn(exchange),
    query: new URLSearchParams(query),
    body: body.kind === 'json' ? body.value : undefined,
    signal,
    trace: traceOf(exchange),
  }).catch(refuseOutage);
}

function traceOf({ span, traceId, headers }: Exchange): CallTrace | undefined {
  if (traceId === undefined) return undefined;
  const { traceparent, tracestate } = headers;
  return {
    span,
    headers: {
      traceparent: span?.traceparent ?? String(traceparent),
      ...(isTracestate(tracestate) && { tracestate }),
    },
  };
}

const nobody = { org: '', team: '', app: '', user: '' };

/** What stands in the path where the operation has braces. */
function idsIn({ operation, path }: Exchange): string[] {
  const segments = path.split('/');
  const names = operation.path.split('/');
  return segments.filter((_, index) => names[index]?.startsWith('{')).map(decodeURIComponent);
}

/** SDKs send it by themselves. Version 1 had other shapes, so who asks for that is told. */
function requireVersion({ 'openai-beta': beta }: Headers): void {
  if (!String(beta).includes('assistants=v2')) throw new ProxyError('invalid_beta');
}

function refuseOutage(error: Error): never {
  if (!(error instanceof StoreUnavailable)) throw error;
  throw new ProxyError('store_unavailable', {
    cause: error,
    headers: { 'retry-after': '1' },
    mayHaveRun: error.mayHaveHappened,
  });
}

function replyOf({ signal }: Exchange, answered: ApiAnswer): Reply {
  const finished = Promise.withResolvers<Outcome>();
  let bodyBytes = 0;
  let firstByteAtMs: number | undefined;
  const end = (ending: Outcome['ending'], error?: Error) =>
    finished.resolve({
      ending,
      bodyBytes,
      ...(error && { error }),
      ...(firstByteAtMs !== undefined && { firstByteAtMs }),
    });
  signal.addEventListener('abort', () => end('aborted'), { once: true });
  const counting = (sink: Sink): Sink => ({
    write(chunk) {
      firstByteAtMs ??= performance.now();
      bodyBytes += chunk.length;
      return sink.write(chunk);
    },
    end() {
      sink.end();
      end('complete');
    },
    fail(error) {
      sink.fail(error);
      end('cut', error);
    },
  });
  if (answered.kind === 'stream') {
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
      body(sink) {
        answered.open(counting(sink));
        return { resume() {}, leave() {} };
      },
      finished: finished.promise,
    };
  }
  const bytes = Buffer.from(JSON.stringify(answered.value));
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'content-length': String(bytes.length),
      ...answered.headers,
    },
    body(sink) {
      const counted = counting(sink);
      counted.write(bytes);
      counted.end();
      return { resume() {}, leave() {} };
    },
    finished: finished.promise,
  };
}
