import type { ErrorCode } from '../error-table.ts';
import { CallerLeft, ProxyError, tellableMessage } from '../errors.ts';
import type { CallRecord, Exchange, Outcome, Policy, Reply } from '../exchange.ts';
import type { CostOfAnswer } from '../openai/cost-of-answer.ts';
import { genAiOperation } from '../openai/gen-ai-operation.ts';
import { isBilled } from '../openai/is-billed.ts';
import { nanoUsdPerUsd } from '../openai/price.ts';
import type { Activity, LiveCall } from '../telemetry/activity.ts';
import type { Audit } from '../telemetry/audit.ts';
import type { LogRequest } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { RequestMeasures } from '../telemetry/request-metrics.ts';
import { auditedCall, knownOf } from './audited-call.ts';

export interface ObserveParts {
  readonly logRequest: LogRequest;
  readonly audit: Audit;
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly costOf: CostOfAnswer;
}

/** One log line and one set of measures for every request, written when it has truly ended. */
export function observe({ logRequest, audit, metrics, activity, costOf }: ObserveParts): Policy {
  return (next) => (exchange) => {
    const startedAtMs = performance.now();
    const { id: requestId, operation, record: told } = exchange;
    const live: LiveCall = { requestId, operation: operation.name, startedAtMs, record: told };
    metrics.requests.started();
    activity.begun(live);
    return next(exchange).then(
      (reply) => {
        told.stage = 'answering';
        void reply.finished.then((outcome) => {
          const ended = answered(reply, outcome);
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
    const durationMs = (outcome?.endedAtMs ?? performance.now()) - startedAtMs;
    const firstByteAtMs = outcome?.firstByteAtMs;
    const timeToFirstByteMs = firstByteAtMs === undefined ? undefined : firstByteAtMs - startedAtMs;
    const requestBytes = bytesOf(exchange);
    const responseBytes = outcome?.bodyBytes ?? 0;
    const { record } = exchange;
    const { model = record.model || undefined, usage } = outcome ?? {};
    const nanoUsd =
      usage && isBilled(exchange.operation) ? costOf(operation, record.model, outcome!) : undefined;
    const { team, app } = record.identity ?? nobody;
    const traceId = isTraceKept(exchange, ended) ? exchange.traceId : undefined;
    metrics.requests.ended({
      operation,
      status,
      ending,
      team,
      app,
      durationMs,
      timeToFirstByteMs,
      overheadMs: record.upstreamMs > 0 ? Math.max(0, durationMs - record.waitedMs) : undefined,
      limitWaitMs: record.limitWaitMs,
      queueWaitMs: record.queueWaitMs,
      paceWaitMs: record.paceWaitMs,
      requestBytes,
      responseBytes,
      errorCode,
      ...denialOf(record),
      traceId,
    });
    const asked = genAiOperation(exchange.operation);
    // What was answered from here, as replays and runs are, has asked no model.
    if (asked !== undefined && (record.upstreamMs > 0 || errorCode !== undefined)) {
      metrics.usage.called({
        genAiOperation: asked,
        askedModel: record.model,
        errorType: errorTypeOf(ended),
        usage,
        isStreamed: ended.isStreamed === true,
        durationMs,
        timeToFirstByteMs,
        traceId,
      });
    }
    if (nanoUsd !== undefined) metrics.usage.used({ operation, model, team, app, usage: usage!, nanoUsd });
    logRequest(status >= 500 || ending === 'cut' ? 'warn' : 'info', {
      requestId: exchange.id,
      traceId: exchange.traceId,
      ...knownOf(record.identity),
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
    });
    if (errorCode !== undefined && deniedCodes.has(errorCode)) {
      const { rule, ruleKind } = record;
      audit('denied', { ...auditedCall(exchange), errorCode, rule, ruleKind });
    } else if (exchange.method === 'DELETE' && status < 300) {
      audit('deleted', { ...auditedCall(exchange), path: exchange.path.slice(0, maxPathLength) });
    }
  }
}

/** Refusals by what somebody has configured, rather than for what the call was like. */
const deniedCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'budget_exceeded',
  'rate_limit_exceeded',
  'invalid_api_key',
  'unknown_operation',
  'pii_blocked',
  'unscannable_upload',
  'redaction_failed',
]);

/** Enough for any that names an object. */
const maxPathLength = 256;

/** An upstream may call itself what it likes. */
const maxModelLength = 128;

const nobody = { team: '', app: '' };

function denialOf({ decision, rule, ruleKind }: CallRecord): Pick<RequestMeasures, 'deniedBy' | 'overdrawn'> {
  const named = rule === undefined || ruleKind === undefined ? undefined : { rule, kind: ruleKind };
  return decision === 'denied'
    ? { deniedBy: named, overdrawn: undefined }
    : { deniedBy: undefined, overdrawn: named };
}

/** Empty if all went well. */
function errorTypeOf({ status, ending, refusal, isErrorTold }: Ended): string {
  if (refusal) return refusal.code;
  if (ending !== 'complete') return ending;
  if (isErrorTold) return 'stream_error';
  return status >= 400 ? String(status) : '';
}

/** What is measured leads to traces that are there to be looked at. What has failed is as `trace` has it. */
function isTraceKept({ traceIsKept }: Exchange, { status, ending, outcome, refusal }: Ended): boolean {
  if (traceIsKept !== 'ifFailed') return traceIsKept === 'always';
  return outcome ? status >= 400 || ending === 'cut' : refusal !== undefined;
}

function waitedMs({ limitWaitMs, queueWaitMs, paceWaitMs, retryWaitMs }: CallRecord): number {
  return limitWaitMs + queueWaitMs + paceWaitMs + retryWaitMs;
}

interface Ended {
  readonly status: number;
  readonly ending: RequestMeasures['ending'];
  /** Of an answer that the upstream gave. */
  readonly outcome?: Outcome;
  readonly isStreamed?: boolean;
  /** In a stream, whose status was of success. */
  readonly isErrorTold?: boolean;
  readonly error?: Error | undefined;
  /** Of an answer that the sidecar gives itself. */
  readonly refusal?: ProxyError;
}

function answered({ status, headers, toldError }: Reply, outcome: Outcome): Ended {
  return {
    status,
    ending: outcome.ending,
    outcome,
    isStreamed: String(headers['content-type']).startsWith('text/event-stream'),
    isErrorTold: toldError !== undefined,
    error: outcome.error,
  };
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
