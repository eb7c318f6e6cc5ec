import { CallerLeft, ProxyError } from '../errors.ts';
import type { Exchange, Headers, Outcome, Policy, Reply } from '../exchange.ts';
import { isTracestate, readTraceparent } from '../telemetry/trace-context.ts';
import { type Span, type Tracing, failureType } from '../telemetry/tracing.ts';

/**
 * Makes each request a part of its caller's trace, or begins one. Without `tracing` it only says which trace that is,
 * and leaves what the caller sent to be passed on.
 */
export function trace(tracing: Tracing | undefined): Policy {
  if (!tracing) {
    return (next) => (exchange) => {
      const caller = readTraceparent(exchange.headers['traceparent']);
      if (!caller) return next(exchange);
      const { traceId, isSampled } = caller;
      return next({ ...exchange, traceId, ...(isSampled && { traceIsKept: 'always' }) });
    };
  }
  return (next) => async (exchange) => {
    const { method, operation, headers } = exchange;
    const caller = readTraceparent(headers['traceparent']);
    // A path that is not in the table may name anything.
    const route = operation.path === '*' ? undefined : operation.path;
    const span = tracing.begin(route === undefined ? method : `${method} ${route}`, {
      kind: 'server',
      parent: caller && String(headers['traceparent']),
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'assistant_proxy.request.id': exchange.id,
        'assistant_proxy.operation': operation.name,
      },
    });
    const traced: Exchange = {
      ...exchange,
      headers: caller && isTracestate(headers['tracestate']) ? headers : withoutState(headers),
      span,
      traceId: span.traceId,
      traceIsKept: span.isSampled ? 'always' : 'ifFailed',
    };
    try {
      const reply = await next(traced);
      void reply.finished.then((outcome) => endAnswered(span, reply, outcome));
      return reply;
    } catch (error) {
      endUnanswered(span, error);
      throw error;
    }
  };
}

/** What vendors add to a trace says nothing without it, or when it is malformed. */
function withoutState(headers: Headers): Headers {
  return headers['tracestate'] === undefined ? headers : { ...headers, tracestate: undefined };
}

function endAnswered(span: Span, { status }: Reply, outcome: Outcome): void {
  const { ending, endedAtMs, model, attempts, fallback, error } = outcome;
  span.set({
    'http.response.status_code': status,
    'gen_ai.response.model': model,
    'assistant_proxy.ending': ending,
    'assistant_proxy.attempts': attempts,
    'assistant_proxy.fallback': fallback,
  });
  if (status >= 400) span.fail(String(status), status >= 500 ? 'ours' : 'callers');
  else if (ending === 'cut') span.fail(error ? failureType(error) : 'cut');
  span.end(endedAtMs);
}

function endUnanswered(span: Span, error: unknown): void {
  if (error instanceof CallerLeft) {
    span.set({ 'assistant_proxy.ending': 'aborted' });
  } else {
    const status = error instanceof ProxyError ? error.status : 500;
    span.set({ 'http.response.status_code': status, 'assistant_proxy.ending': 'refused' });
    span.fail(failureType(error), status >= 500 ? 'ours' : 'callers');
  }
  span.end();
}
