import type { Policy, Reply } from '../exchange.ts';
import type { AttemptResult, UpstreamHealth } from '../telemetry/upstream-health.ts';
import { isBad, isOfUpstream } from './break-circuit.ts';

/** Tells how each attempt at an upstream went, and how long its answer took to begin. */
export function watchAttempts(upstream: string, health: UpstreamHealth): Policy {
  return (next) => async (exchange) => {
    const { record } = exchange;
    const sentAtMs = performance.now();
    record.stage = 'sent';
    try {
      const reply = await next(exchange);
      const result = resultOf(reply);
      health.attempted(upstream, result, performance.now() - sentAtMs);
      if (result !== 'well') record.stage = 'waiting';
      void reply.finished.then(({ ending }) => {
        if (ending === 'cut' && result === 'well') health.brokeOff(upstream);
      });
      return reply;
    } catch (error) {
      record.stage = 'waiting';
      health.attempted(upstream, isOfUpstream(error) ? 'failed' : 'left', undefined);
      throw error;
    }
  };
}

function resultOf(reply: Reply): AttemptResult {
  if (isBad(reply)) return 'failed';
  return reply.status === 429 ? 'rateLimited' : 'well';
}
