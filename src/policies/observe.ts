import type { Logger } from 'pino';

import { CallerLeft, type ErrorCode, ProxyError } from '../errors.ts';
import type { Exchange, Outcome, Policy } from '../exchange.ts';
import type { Metrics, RequestMeasures } from '../telemetry/metrics.ts';

/** One log line and one set of measures for every request, written when it has truly ended. */
export function observe({ log, metrics }: { log: Logger; metrics: Metrics }): Policy {
  return (next) => async (exchange) => {
    const startedAtMs = performance.now();
    metrics.requestStarted();
    try {
      const reply = await next(exchange);
      void reply.finished.then((outcome) => record(exchange, answered(reply.status, outcome, startedAtMs)));
      return reply;
    } catch (error) {
      record(exchange, unanswered(error, startedAtMs), error as Error);
      throw error;
    }
  };

  function record(exchange: Exchange, measured: Measured, error?: Error): void {
    const measures = { ...measured, operation: exchange.operation.name, requestBytes: bytesOf(exchange) };
    metrics.requestEnded(measures);
    const errorCode = error && codeOf(error);
    if (errorCode !== undefined) metrics.refused(measures.operation, errorCode);
    const line = {
      requestId: exchange.id,
      operation: measures.operation,
      method: exchange.method,
      status: measures.status,
      ending: measures.ending,
      model: measures.model,
      inputTokens: measures.usage?.inputTokens,
      outputTokens: measures.usage?.outputTokens,
      durationMs: Math.round(measures.durationSeconds * 1000),
      timeToFirstByteMs: toMs(measures.timeToFirstByteSeconds),
      requestBytes: measures.requestBytes,
      responseBytes: measures.responseBytes,
      errorCode,
      cause: causeOf(error ?? measured.error),
    };
    if (measures.status >= 500 || measures.ending === 'cut') log.warn(line, 'request');
    else log.info(line, 'request');
  }
}

type Measured = Omit<RequestMeasures, 'operation' | 'requestBytes'> & { readonly error?: Error };

function answered(status: number, outcome: Outcome, startedAtMs: number): Measured {
  const { ending, bodyBytes, firstByteAtMs, usage, model, error } = outcome;
  return {
    status,
    ending,
    durationSeconds: (performance.now() - startedAtMs) / 1000,
    timeToFirstByteSeconds: firstByteAtMs === undefined ? undefined : (firstByteAtMs - startedAtMs) / 1000,
    responseBytes: bodyBytes,
    model,
    usage,
    ...(error && { error }),
  };
}

function unanswered(error: unknown, startedAtMs: number): Measured {
  return {
    // 499 is what proxies log for a caller that left before there was an answer; nobody ever receives it.
    status: error instanceof CallerLeft ? 499 : error instanceof ProxyError ? error.status : 500,
    ending: error instanceof CallerLeft ? 'aborted' : 'refused',
    durationSeconds: (performance.now() - startedAtMs) / 1000,
    timeToFirstByteSeconds: undefined,
    responseBytes: 0,
    model: undefined,
    usage: undefined,
  };
}

/** As declared by the caller; a chunked body has no length to tell. */
function bytesOf({ body, headers }: Exchange): number {
  return body.kind === 'none' ? 0 : Number(headers['content-length'] ?? 0);
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** As the edge will tell it to the caller, if there is one left to tell. */
function codeOf(error: Error): ErrorCode | undefined {
  if (error instanceof CallerLeft) return undefined;
  return error instanceof ProxyError ? error.code : 'internal_error';
}

/** The system's short code (`ECONNRESET`), not its message, which may name hosts or quote content. */
function causeOf(error: Error | undefined): string | undefined {
  const cause = (error?.cause ?? error) as NodeJS.ErrnoException | undefined;
  return cause?.code;
}
