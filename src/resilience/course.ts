import type { Clock } from '../clock.ts';
import type { Exchange } from '../exchange.ts';
import { type Upstream, candidatesFor, modelOf } from './upstreams.ts';

/** The way of one call from upstream to upstream. */
export interface Course {
  current(): Upstream;
  /** The current one asks for so long a pause; Infinity: it won't serve this call. */
  rest(forMs: number): void;
  /**
   * Moves on to the next one: each is asked once, in order, and then the first again. Those that ask for a longer pause
   * than `maxMs` are passed over. `none`: there is nobody else; `late`: only such are left.
   */
  next(maxMs: number): Turn | 'none' | 'late';
}

export interface Turn {
  /** Nobody is left who has not been asked since the last pause. */
  readonly isNewRound: boolean;
  /** What is left of the pause that it asked for. */
  readonly askedMs: number;
}

export function startCourse(
  exchange: Exchange,
  { primary, fallbacks }: { readonly primary: Upstream; readonly fallbacks: readonly Upstream[] },
  clock: Pick<Clock, 'nowMs'>,
): Course {
  /** Who may serve it takes a look at the whole of the body, and is not asked before that matters. */
  let candidates: readonly Upstream[] | undefined;
  let round: Upstream[] = [];
  let untilMs: Map<Upstream, number> | undefined;
  const isResting = fallbacks.length > 0 && primary.resting.isResting(modelOf(exchange));
  let current = isResting ? first() : primary;

  function first(): Upstream {
    candidates = candidatesFor(exchange, primary, fallbacks);
    round = candidates.slice(1);
    return candidates[0]!;
  }

  function askedMs(upstream: Upstream): number {
    return Math.max(0, (untilMs?.get(upstream) ?? 0) - clock.nowMs());
  }

  return {
    current: () => current,
    rest(forMs) {
      untilMs ??= new Map();
      untilMs.set(current, clock.nowMs() + forMs);
    },
    next(maxMs) {
      if (!candidates) {
        candidates = candidatesFor(exchange, primary, fallbacks);
        round = candidates.filter((candidate) => candidate !== current);
      }
      const isIn = (upstream: Upstream) => askedMs(upstream) <= maxMs;
      let following = round.find(isIn);
      const isNewRound = following === undefined;
      if (isNewRound) round = [...candidates];
      following ??= round.find(isIn);
      if (!following) return candidates.some((one) => askedMs(one) < Infinity) ? 'late' : 'none';
      round = round.slice(round.indexOf(following) + 1);
      current = following;
      return { isNewRound, askedMs: askedMs(following) };
    },
  };
}
