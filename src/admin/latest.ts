import { StoreUnavailable } from '../store-unavailable.ts';

/** What a store said last, and whether it still answers. */
export interface Latest<T> {
  /** Undefined before the first answer. */
  readonly value: T | undefined;
  /** Unix milliseconds of that answer; undefined before it. */
  readonly asOfMs: number | undefined;
  /** How long the store took, at its last answer or failure. */
  readonly tookMs: number;
  /** Why there was no answer the last time; undefined if there was. */
  readonly problem: string | undefined;
}

interface LatestSettings {
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Whoever looks waits no longer than that for an answer; the last one is told instead. */
const patienceMs = 750;
/** A question is let rest for so many times as long as it took, and at least for this long. */
const restFactor = 10;
const leastRestMs = 1000;

/**
 * Asks a store when somebody wants to know, but however many look and however slow it is, only once at a time, and
 * never for more than a small share of the time.
 */
export function latestOf<T>(ask: () => Promise<T>, { now }: LatestSettings): () => Promise<Latest<T>> {
  let latest: Latest<T> = { value: undefined, asOfMs: undefined, tookMs: 0, problem: undefined };
  let asking: Promise<void> | undefined;
  let restsUntilMs = -Infinity;

  return async () => {
    if (!asking && performance.now() >= restsUntilMs) asking = refresh().finally(() => (asking = undefined));
    if (asking) await Promise.race([asking, patience()]);
    return latest;
  };

  async function refresh(): Promise<void> {
    const askedAtMs = performance.now();
    const took = () => performance.now() - askedAtMs;
    try {
      const value = await ask();
      latest = { value, asOfMs: now(), tookMs: took(), problem: undefined };
    } catch (error) {
      // Words of other errors may quote what is stored.
      const problem = error instanceof StoreUnavailable ? error.message : 'the store could not be read';
      latest = { ...latest, tookMs: took(), problem };
    }
    restsUntilMs = performance.now() + Math.max(leastRestMs, restFactor * took());
  }
}

function patience(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, patienceMs).unref());
}
