import { CallerLeft, ProxyError } from '../errors.ts';
import type { Policy, Reply } from '../exchange.ts';
import { failureOfToldError } from '../resilience/failure.ts';
import type { UpstreamHealth } from '../telemetry/upstream-health.ts';
import type { AttemptResult, UpstreamMetrics } from '../telemetry/upstream-metrics.ts';
import { isBad, isOfUpstream } from './break-circuit.ts';

interface MeasureAttemptsParts {
  readonly metrics: Pick<UpstreamMetrics, 'attempted'>;
  /** What the console tells of an upstream. */
  readonly health: UpstreamHealth;
}

/** Tells of each attempt how its answer began, and how long that took. */
export function measureAttempts(upstream: string, { metrics, health }: MeasureAttemptsParts): Policy {
  return (next) => async (exchange) => {
    const { record } = exchange;
    const sentAtMs = performance.now();
    record.stage = 'sent';
    try {
      const reply = await next(exchange);
      const tookMs = performance.now() - sentAtMs;
      metrics.attempted(upstream, resultOf(reply), tookMs);
      const isWell = !isBad(reply) && reply.status !== 429;
      health.attempted(upstream, isBad(reply) ? 'failed' : isWell ? 'well' : 'rateLimited', tookMs);
      if (!isWell) record.stage = 'waiting';
      else void reply.finished.then(({ ending }) => ending === 'cut' && health.brokeOff(upstream));
      return reply;
    } catch (error) {
      record.stage = 'waiting';
      metrics.attempted(upstream, resultOfError(error), performance.now() - sentAtMs);
      health.attempted(upstream, isOfUpstream(error) ? 'failed' : 'left', undefined);
      throw error;
    }
  };
}

function resultOf({ status, toldError }: Reply): AttemptResult {
  if (toldError) {
    const kind = failureOfToldError(toldError)?.kind;
    if (kind === undefined) return 'client_error';
    return kind === 'failed' ? 'server_error' : 'rate_limited';
  }
  if (status < 400) return 'ok';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'server_error' : 'client_error';
}

function resultOfError(error: unknown): AttemptResult {
  if (error instanceof CallerLeft) return 'aborted';
  const code = error instanceof ProxyError ? error.code : undefined;
  if (code === 'upstream_timeout') return 'timeout';
  return code === 'upstream_unreachable' ? 'unreachable' : 'server_error';
}
