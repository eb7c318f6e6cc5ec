import { CallerLeft, ProxyError } from '../errors.ts';
import type { Policy, Reply } from '../exchange.ts';
import { failureOfToldError } from '../resilience/failure.ts';
import type { AttemptResult, UpstreamMetrics } from '../telemetry/upstream-metrics.ts';

/** Counts each attempt by how its answer began, and how long that took. */
export function measureAttempts(upstream: string, metrics: Pick<UpstreamMetrics, 'attempted'>): Policy {
  return (next) => async (exchange) => {
    const sentAtMs = performance.now();
    try {
      const reply = await next(exchange);
      metrics.attempted(upstream, resultOf(reply), performance.now() - sentAtMs);
      return reply;
    } catch (error) {
      metrics.attempted(upstream, resultOfError(error), performance.now() - sentAtMs);
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
