import { ProxyError } from '../errors.ts';
import { type Exchange, type Policy, type Reply, through } from '../exchange.ts';
import type { SeenTokens } from '../ledger/charge.ts';
import type { Holds } from '../ledger/holds.ts';
import type { SettleCalls } from '../ledger/settle-calls.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import { lowerOutputLimit } from '../openai/output-limit.ts';
import { type SeenOutput, createSeenOutput } from '../openai/seen-output.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { timed } from '../telemetry/tracing.ts';

export interface HoldBudgetParts {
  readonly holds: Holds;
  readonly settleCalls: Pick<SettleCalls, 'hear'>;
  readonly counter: TokenCounter;
}

/**
 * Holds what a call may cost before it is sent, in every budget and limit that matches it, and settles it when
 * it has truly ended. What doesn't fit is refused, or its maximum of output lowered to what is left.
 */
export function holdBudget(parts: HoldBudgetParts | undefined): Policy {
  if (!parts) return (next) => next;
  const { holds, settleCalls, counter } = parts;
  return (next) => async (exchange) => {
    const hold = await timed(exchange.span, 'hold budget', () => holds.open(exchange)).catch(refuseOutage);
    if (!hold) {
      const reply = await next(exchange);
      void reply.finished.then((outcome) => settleCalls.hear(exchange, outcome));
      return reply;
    }
    const startedAtMs = performance.now();
    let reply: Reply;
    try {
      reply = await next(hold.outputTokens === undefined ? exchange : lowered(exchange, hold.outputTokens));
    } catch (error) {
      hold.end({ error: error as Error });
      throw error;
    }
    const seen = hold.needsSeenOutput ? seeOutput(exchange, reply) : undefined;
    void reply.finished.then(async (outcome) => {
      settleCalls.hear(exchange, outcome);
      const isTold = outcome.usage !== undefined || !seen;
      const seenOutput = isTold ? undefined : await count(seen, startedAtMs, outcome.model);
      hold.end({ status: reply.status, outcome, seenOutput });
    });
    return {
      ...reply,
      headers: { ...reply.headers, ...hold.headers },
      body: seen
        ? through(reply.body, (sink) => ({
            write(chunk) {
              seen.push(chunk);
              return sink.write(chunk);
            },
            end: () => sink.end(),
            fail: (error) => sink.fail(error),
          }))
        : reply.body,
    };
  };

  async function count(
    seen: SeenOutput,
    startedAtMs: number,
    model: string | undefined,
  ): Promise<SeenTokens | undefined> {
    const durationMs = performance.now() - startedAtMs;
    // What can't be counted is as good as unseen.
    const counted = await counter.count(seen.texts(), model ?? '').catch(() => undefined);
    return counted === undefined ? undefined : { outputTokens: counted + seen.unkeptBytes(), durationMs };
  }
}

/** Undefined where nothing can be seen. */
function seeOutput({ operation }: Exchange, { status, headers }: Reply): SeenOutput | undefined {
  const contentType = headers['content-type']?.toString();
  const isStream = contentType?.startsWith('text/event-stream') === true;
  if (!isStream || status >= 400 || headers['content-encoding'] !== undefined) return undefined;
  return createSeenOutput(operation, contentType);
}

function refuseOutage(error: Error): never {
  if (!(error instanceof StoreUnavailable)) throw error;
  throw new ProxyError('store_unavailable', { cause: error, headers: { 'retry-after': '1' } });
}

function lowered(exchange: Exchange, outputTokens: number): Exchange {
  const { body, operation } = exchange;
  if (body.kind !== 'json') return exchange;
  return { ...exchange, body: { kind: 'json', ...lowerOutputLimit(body, operation, outputTokens) } };
}
