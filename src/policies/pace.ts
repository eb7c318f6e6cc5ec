import type { Clock } from '../clock.ts';
import { CallerLeft } from '../errors.ts';
import { type Exchange, type Policy, beginWait, endWait } from '../exchange.ts';
import { type FailureKind, failureOfError } from '../resilience/failure.ts';
import { modelOf } from '../resilience/upstreams.ts';
import { timed } from '../telemetry/tracing.ts';
import type { UpstreamLimitMetrics } from '../telemetry/upstream-limit-metrics.ts';
import type { SharedAllowances } from '../upstream-limits/shared-allowances.ts';
import { type Taken, createUpstreamLimits } from '../upstream-limits/upstream-limits.ts';

export interface PaceParts {
  /** The upstream's name in the configuration. */
  readonly upstream: string;
  /** Of its URL. */
  readonly origin: string;
  /** No call waits longer; with zero none does, and limits are only watched. */
  readonly maxWaitMs: number;
  readonly metrics: UpstreamLimitMetrics;
  /** Undefined: this pod spends what it sees by itself. */
  readonly shared?: SharedAllowances | undefined;
  readonly clock: Clock;
}

/**
 * Slows down before one upstream's own limits are hit: what it says is left of them (`x-ratelimit-remaining-*`) is
 * spent in order, and a call for which nothing is left waits until it is replenished, as does one that comes while
 * a 429 asks to stay away. Behind its longest wait a call is sent, and the upstream itself says what it thinks of it.
 */
export function pace(parts: PaceParts): Policy {
  const { upstream, origin, maxWaitMs, metrics, shared, clock } = parts;
  const account = { name: upstream, origin };
  const limits = createUpstreamLimits({ account, maxWaitMs, clock, shared });
  return (next) => async (exchange) => {
    if (exchange.operation.usage === null || exchange.method !== 'POST') return next(exchange);
    const model = labelOf(exchange);
    const taken = limits.take(model, { requests: 1, tokens: roughTokens(exchange) });
    if (taken.waitMs >= 1) await timed(exchange.span, 'pace', () => waitFor(taken, model, exchange));
    const sentAtMs = clock.nowMs();
    const reply = await next(exchange).catch((error: unknown) => {
      if (neverSent.has(failureOfError(error)?.kind)) limits.giveBack(taken);
      throw error;
    });
    limits.see(taken, sentAtMs, reply, (kind, limit) => metrics.seen(upstream, model, kind, limit));
    return reply;
  };

  async function waitFor(taken: Taken, model: string, { signal, record }: Exchange): Promise<void> {
    const untilMs = clock.nowMs() + maxWaitMs;
    let { waitMs } = taken;
    while (waitMs >= 1) {
      metrics.slowed(upstream, model, waitMs);
      const sleptFromMs = clock.nowMs();
      beginWait(record);
      await clock
        .sleep(waitMs, signal)
        .catch(() => {
          limits.giveBack(taken);
          throw new CallerLeft();
        })
        .finally(() => endWait(record));
      record.paceWaitMs += clock.nowMs() - sleptFromMs;
      // While it waited, another call may have been asked to stay away.
      waitMs = Math.min(untilMs - clock.nowMs(), limits.heldForMs(taken));
    }
  }
}

/** Upstreams count tokens before they have seen them, too. */
function roughTokens({ body }: Exchange): number {
  return body.kind === 'json' ? Math.ceil(body.bytes.length / 4) : 0;
}

const neverSent: ReadonlySet<FailureKind | undefined> = new Set<FailureKind>(['turnedAway', 'unsent']);

/** A longer one is nobody's name for a model. */
const maxModelLength = 128;

function labelOf(exchange: Exchange): string {
  const model = modelOf(exchange);
  return model.length <= maxModelLength ? model : '';
}
