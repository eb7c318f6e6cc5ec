import type { Clock } from '../clock.ts';
import {
  type UpstreamLimit,
  type UpstreamLimitKind,
  readUpstreamLimit,
  upstreamLimitKinds,
} from '../openai/rate-limit-headers.ts';
import { heldBackMs } from './held-back.ts';
import type { Share } from './kind-limits.ts';
import { type ModelLimits, createModelLimits } from './model-limits.ts';
import { shareNews } from './share-news.ts';
import type { SharedAllowances, UpstreamAccount } from './shared-allowances.ts';

/** Models are few; names that callers make up must not fill memory. */
const maxModels = 500;

export interface UpstreamLimitsParts {
  readonly account: UpstreamAccount;
  readonly maxWaitMs: number;
  readonly clock: Clock;
  /** Undefined: this pod is by itself. */
  readonly shared: SharedAllowances | undefined;
}

/** What a call took, to be handed in with its answer. */
export interface Taken {
  readonly waitMs: number;
  readonly shares: Readonly<Record<UpstreamLimitKind, Share>>;
  readonly of: ModelLimits;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface UpstreamLimits {
  /** Takes a call's share at once, also while it waits, so that calls keep their order. */
  take(model: string, amounts: Readonly<Record<UpstreamLimitKind, number>>): Taken;
  /** How much longer all calls of the model are to stay away. */
  heldForMs(taken: Taken): number;
  /** Of a call that is not sent after all. */
  giveBack(taken: Taken): void;
  see(
    taken: Taken,
    sentAtMs: number,
    answer: Answer,
    onSeen: (kind: UpstreamLimitKind, limit: UpstreamLimit) => void,
  ): void;
}

/**
 * The limits of one upstream, per model, as far as this pod knows: what its answers say, and what other pods tell
 * through the store. They tell each other in the background, so no call ever waits for the store, and without one
 * each pod goes by what it sees.
 *
 * How far off that may be: between two exchanges of news (100 ms and a round trip; 10 ms while a burst spends what is
 * left) a pod guesses from their pace what others take. If they all burst at once, each may send in that time what
 * was left for all, and together they go beyond the limit by at most that, times the pods but one; then all wait for
 * it to be paid. A pod's first call of a model, or after a pause, goes by what the pod last knew. While the
 * store is away, a pod is off by what the others take between two answers of its own.
 */
export function createUpstreamLimits(parts: UpstreamLimitsParts): UpstreamLimits {
  const { maxWaitMs, clock, shared } = parts;
  const models = new Map<string, ModelLimits>();
  const tellNews = shared ? shareNews({ ...parts, shared }) : () => {};

  return {
    take(model, amounts) {
      const of = models.get(model) ?? createModelLimits(model, maxWaitMs);
      keep(model, of);
      const { shares, waitMs } = of.take(amounts, clock.nowMs());
      tellNews(of);
      return { of, shares, waitMs: Math.min(maxWaitMs, waitMs) };
    },
    heldForMs: ({ of }) => of.heldForMs(clock.nowMs()),
    giveBack({ of, shares }) {
      for (const kind of upstreamLimitKinds) of.kinds[kind].giveBack(shares[kind]);
      tellNews(of);
    },
    see({ of, shares }, sentAtMs, { status, headers }, onSeen) {
      const nowMs = clock.nowMs();
      for (const kind of upstreamLimitKinds) {
        const limit = readUpstreamLimit(headers, kind);
        if (limit && of.kinds[kind].see(limit, shares[kind], sentAtMs, nowMs)) onSeen(kind, limit);
      }
      if (status === 429) of.holdBack(heldBackMs(headers, clock.unixMs()), nowMs);
      tellNews(of);
    },
  };

  /** Whoever has not been called for the longest makes room. */
  function keep(model: string, limits: ModelLimits): void {
    models.delete(model);
    models.set(model, limits);
    if (models.size > maxModels) models.delete(models.keys().next().value!);
  }
}
