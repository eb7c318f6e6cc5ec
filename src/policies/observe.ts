import type { Logger } from 'pino';

import { CallerLeft, type ErrorCode, ProxyError } from '../errors.ts';
import type { Exchange, Outcome, Policy } from '../exchange.ts';
import type { Metrics, RequestMeasures } from '../telemetry/metrics.ts';

/** One log line and one set of measures for every request, written when it has truly ended. */
export function observe({ log, metrics }: { log: Logger; metrics: Metrics }): Policy {
  return (next) => (exchange) => {
    const startedAtMs = performance.now();
    metrics.requestStarted();
    return next(exchange).then(
      (reply) => {
        void reply.finished.then((outcome) => record(exchange, answered(reply.status, outcome), startedAtMs));
        return reply;
      },
      (error: Error) => {
        record(exchange, unanswered(error), startedAtMs);
        throw error;
      },
    );
  };

  function record(exchange: Exchange, ended: Ended, startedAtMs: number): void {
    const { status, ending, outcome, error, errorCode } = ended;
    const operation = exchange.operation.name;
    const durationMs = performance.now() - startedAtMs;
    const firstByteAtMs = outcome?.firstByteAtMs;
    const timeToFirstByteMs = firstByteAtMs === undefined ? undefined : firstByteAtMs - startedAtMs;
    const requestBytes = bytesOf(exchange);
    const responseBytes = outcome?.bodyBytes ?? 0;
    const { model, usage } = outcome ?? {};
    metrics.requestEnded({
      operation,
      status,
      ending,
      durationMs,
      timeToFirstByteMs,
      requestBytes,
      responseBytes,
      model,
      usage,
    });
    if (errorCode !== undefined) metrics.refused(operation, errorCode);
    const line = {
      requestId: exchange.id,
      operation,
      method: exchange.method,
      status,
      ending,
      model,
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
      attempts: outcome?.attempts,
      fallback: outcome?.fallback,
      durationMs: Math.round(durationMs),
      timeToFirstByteMs: timeToFirstByteMs === undefined ? undefined : Math.round(timeToFirstByteMs),
      requestBytes,
      responseBytes,
      errorCode,
      cause: error && causeOf(error),
    };
    if (status >= 500 || ending === 'cut') log.warn(line, 'request');
    else log.info(line, 'request');
  }
}

interface Ended {
  readonly status: number;
  readonly ending: RequestMeasures['ending'];
  /** Of an answer that the upstream gave. */
  readonly outcome?: Outcome;
  readonly error?: Error | undefined;
  /** Of an answer that the sidecar gives itself. */
  readonly errorCode?: ErrorCode;
}

function answered(status: number, outcome: Outcome): Ended {
  return { status, ending: outcome.ending, outcome, error: outcome.error };
}

function unanswered(error: Error): Ended {
  // 499 is what proxies log for a caller that left before there was an answer; nobody ever receives it.
  if (error instanceof CallerLeft) return { status: 499, ending: 'aborted', error };
  if (error instanceof ProxyError) {
    return { status: error.status, ending: 'refused', error, errorCode: error.code };
  }
  return { status: 500, ending: 'refused', error, errorCode: 'internal_error' };
}

/** As declared by the caller; a chunked body has no length to tell. */
function bytesOf({ body, headers }: Exchange): number {
  return body.kind === 'none' ? 0 : Number(headers['content-length'] ?? 0);
}

/** The system's short code (`ECONNRESET`), not its message, which may name hosts or quote content. */
function causeOf(error: Error): string | undefined {
  return ((error.cause ?? error) as NodeJS.ErrnoException).code;
}
