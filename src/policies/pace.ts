import { setTimeout as sleep } from 'node:timers/promises';

import { CallerLeft } from '../errors.ts';
import type { Exchange, Headers, Policy } from '../exchange.ts';
import { bodyText } from '../ledger/body-text.ts';
import {
  type UpstreamLimit,
  type UpstreamLimitKind,
  readUpstreamLimit,
  upstreamLimitKinds,
} from '../openai/rate-limit-headers.ts';
import type { UpstreamLimitMetrics } from '../telemetry/upstream-limit-metrics.ts';

/** Models are few; names that callers make up must not fill memory. */
const maxModels = 500;

/**
 * Slows down before the upstream's own limits are hit: what it says is left of them (`x-ratelimit-remaining-*`)
 * is spent in order, and a call for which nothing is left waits until it is replenished. None waits longer than
 * `maxWaitMs`, zero of which only watches; the upstream then says itself what it thinks of the call.
 */
export function pace(
  maxWaitMs: number,
  metrics: UpstreamLimitMetrics,
  now = () => performance.now(),
): Policy {
  const limitsByModel = new Map<string, Map<UpstreamLimitKind, Allowance>>();
  return (next) => async (exchange) => {
    if (exchange.operation.usage === null || exchange.method !== 'POST') return next(exchange);
    const model = modelOf(exchange);
    const allowances = limitsByModel.get(model);
    const waitMs = allowances ? Math.min(maxWaitMs, waitOf(allowances, exchange)) : 0;
    if (waitMs >= 1) await waitFor(waitMs, model, exchange.signal);
    const reply = await next(exchange);
    see(model, reply.headers);
    return reply;
  };

  /** Takes the call's share at once, also while it waits, so that calls keep their order. */
  function waitOf(allowances: Map<UpstreamLimitKind, Allowance>, exchange: Exchange): number {
    let waitMs = 0;
    for (const [kind, allowance] of allowances) {
      waitMs = Math.max(waitMs, take(allowance, kind === 'requests' ? 1 : roughTokens(exchange), now()));
    }
    return waitMs;
  }

  async function waitFor(waitMs: number, model: string, signal: AbortSignal): Promise<void> {
    metrics.slowed(model, waitMs);
    await sleep(waitMs, undefined, { signal }).catch(() => {
      throw new CallerLeft();
    });
  }

  function see(model: string, headers: Headers): void {
    for (const kind of upstreamLimitKinds) {
      const limit = readUpstreamLimit(headers, kind);
      if (!limit) continue;
      metrics.seen(model, kind, limit);
      let allowances = limitsByModel.get(model);
      if (!allowances) {
        if (limitsByModel.size >= maxModels) limitsByModel.clear();
        limitsByModel.set(model, (allowances = new Map()));
      }
      allowances.set(kind, allowanceOf(limit, now()));
    }
  }
}

/** How much of a limit is left at a time, as far as one pod can tell. Below zero it is spent ahead. */
interface Allowance {
  left: number;
  atMs: number;
  readonly limit: number;
  readonly perMs: number;
}

function allowanceOf({ limit, remaining, resetMs }: UpstreamLimit, atMs: number): Allowance {
  const missing = limit - remaining;
  return { left: remaining, atMs, limit, perMs: missing > 0 && resetMs > 0 ? missing / resetMs : Infinity };
}

/** How long until what is taken is there. */
function take(allowance: Allowance, amount: number, nowMs: number): number {
  const { left, atMs, limit, perMs } = allowance;
  const replenished = perMs === Infinity ? limit : left + (nowMs - atMs) * perMs;
  allowance.left = Math.min(limit, replenished) - Math.min(amount, limit);
  allowance.atMs = nowMs;
  return allowance.left < 0 && perMs !== Infinity ? -allowance.left / perMs : 0;
}

/** Upstreams count tokens before they have seen them, too. */
function roughTokens({ body }: Exchange): number {
  return body.kind === 'json' ? Math.ceil(body.bytes.length / 4) : 0;
}

function modelOf({ body, deployment }: Exchange): string {
  if (deployment !== undefined) return deployment;
  const model = bodyText(body, 'model');
  return model.length <= 128 ? model : '';
}
