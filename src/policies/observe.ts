import type { Logger } from 'pino';

import { CallerLeft, ProxyError, tellableMessage } from '../errors.ts';
import type { CallRecord, Exchange, Identity, Outcome, Policy } from '../exchange.ts';
import { nanoUsdPerUsd } from '../ledger/amounts.ts';
import type { CostOfAnswer } from '../openai/cost-of-answer.ts';
import { isBilled } from '../openai/is-billed.ts';
import type { Activity, LiveCall } from '../telemetry/activity.ts';
import type { Metrics, RequestMeasures } from '../telemetry/metrics.ts';

export interface ObserveParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly costOf: CostOfAnswer;
}

/** One log line and one set of measures for every request, written when it has truly ended. */
export function observe({ log, metrics, activity, costOf }: ObserveParts): Policy {
  return (next) => (exchange) => {
    const startedAtMs = performance.now();
    const { id: requestId, operation, record: told } = exchange;
    const live: LiveCall = { requestId, operation: operation.name, startedAtMs, record: told };
    metrics.requestStarted();
    activity.begun(live);
    return next(exchange).then(
      (reply) => {
        told.stage = 'answering';
        void reply.finished.then((outcome) => {
          const ended = answered(reply.status, outcome);
          activity.ended(live, ended.status >= 500 || ended.ending === 'cut' ? 'failed' : 'well');
          record(exchange, ended, startedAtMs);
        });
        return reply;
      },
      (error: Error) => {
        const ended = unanswered(error);
        activity.ended(live, ended.ending === 'refused' ? 'refused' : 'well');
        if (ended.refusal) tellRefusal(exchange, ended.refusal);
        record(exchange, ended, startedAtMs);
        throw error;
      },
    );
  };

  function tellRefusal({ id: requestId, operation, record }: Exchange, refusal: ProxyError): void {
    const { code, status } = refusal;
    const { model, identity, decision } = record;
    activity.refused({
      code,
      status,
      operation: operation.name,
      rule: decision === 'denied' ? record.rule : undefined,
      message: tellableMessage(refusal),
      requestId,
      model,
      identity,
    });
  }

  function record(exchange: Exchange, ended: Ended, startedAtMs: number): void {
    const { status, ending, outcome, error, refusal } = ended;
    const errorCode = refusal?.code;
    const operation = exchange.operation.name;
    const durationMs = performance.now() - startedAtMs;
    const firstByteAtMs = outcome?.firstByteAtMs;
    const timeToFirstByteMs = firstByteAtMs === undefined ? undefined : firstByteAtMs - startedAtMs;
    const requestBytes = bytesOf(exchange);
    const responseBytes = outcome?.bodyBytes ?? 0;
    const { record } = exchange;
    const { model = record.model || undefined, usage } = outcome ?? {};
    const nanoUsd =
      usage && isBilled(exchange.operation) ? costOf(operation, record.model, outcome!) : undefined;
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
      nanoUsd,
    });
    if (errorCode !== undefined) metrics.refused(operation, errorCode);
    const line = {
      requestId: exchange.id,
      traceId: exchange.traceId,
      ...told(record.identity),
      operation,
      method: exchange.method,
      status,
      ending,
      model: model?.slice(0, maxModelLength),
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
      cachedInputTokens: usage?.cachedInputTokens,
      costUsd: nanoUsd === undefined ? undefined : nanoUsd / nanoUsdPerUsd,
      decision: record.decision,
      rule: record.rule,
      replayed: record.isReplayed || undefined,
      optedOut: record.isOptedOut || undefined,
      attempts: outcome?.attempts,
      fallback: outcome?.fallback,
      durationMs: Math.round(durationMs),
      timeToFirstByteMs: timeToFirstByteMs === undefined ? undefined : Math.round(timeToFirstByteMs),
      upstreamMs: Math.round(record.upstreamMs) || undefined,
      queuedMs: Math.round(waitedMs(record)) || undefined,
      requestBytes,
      responseBytes,
      errorCode,
      cause: error && causeOf(error),
    };
    if (status >= 500 || ending === 'cut') log.warn(line, 'request');
    else log.info(line, 'request');
  }
}

/** An upstream may call itself what it likes. */
const maxModelLength = 128;

/** What isn't known has no place on the line. */
function told(identity: Identity | undefined): Partial<Identity> | undefined {
  if (!identity) return undefined;
  const { org, team, app, user } = identity;
  return { ...(org && { org }), ...(team && { team }), ...(app && { app }), ...(user && { user }) };
}

function waitedMs({ limitWaitMs, queueWaitMs, paceWaitMs, retryWaitMs }: CallRecord): number {
  return limitWaitMs + queueWaitMs + paceWaitMs + retryWaitMs;
}

interface Ended {
  readonly status: number;
  readonly ending: RequestMeasures['ending'];
  /** Of an answer that the upstream gave. */
  readonly outcome?: Outcome;
  readonly error?: Error | undefined;
  /** Of an answer that the sidecar gives itself. */
  readonly refusal?: ProxyError;
}

function answered(status: number, outcome: Outcome): Ended {
  return { status, ending: outcome.ending, outcome, error: outcome.error };
}

function unanswered(error: Error): Ended {
  // 499 is what proxies log for a caller that left before there was an answer; nobody ever receives it.
  if (error instanceof CallerLeft) return { status: 499, ending: 'aborted', error };
  if (error instanceof ProxyError) {
    return { status: error.status, ending: 'refused', error, refusal: error };
  }
  return { status: 500, ending: 'refused', error, refusal: new ProxyError('internal_error') };
}

/** As declared by the caller; a chunked body has no length to tell. */
function bytesOf({ body, headers }: Exchange): number {
  return body.kind === 'none' ? 0 : Number(headers['content-length'] ?? 0);
}

/** The system's short code (`ECONNRESET`), not its message, which may name hosts or quote content. */
function causeOf(error: Error): string | undefined {
  return ((error.cause ?? error) as NodeJS.ErrnoException).code;
}
