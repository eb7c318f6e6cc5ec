import type { Logger } from 'pino';

import { StoreUnavailable } from '../store-unavailable.ts';
import type { DriftMetrics } from '../telemetry/drift-metrics.ts';
import { type CompareSettings, type Drift, compare } from './compare.ts';

interface DriftSettings extends CompareSettings {
  /** Resolves to zero if it is this pod's turn, else to the milliseconds until it is anybody's. */
  readonly takeTurn: () => Promise<number>;
  readonly everyMs: number;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly metrics: DriftMetrics;
  readonly log: Logger;
}

export interface DriftWatch {
  close(): void;
}

/** So that pods that start together don't ask for the turn together. */
const spreadMs = 2000;

/** When the store is asked again that did not answer. */
const storeAwayMs = 30_000;

/**
 * Has one of all pods, every now and then, compare the ledger with the provider's own count; beside the calls, which
 * never wait for it. What fails is counted, told, and tried again at the next turn.
 */
export function watchDrift(settings: DriftSettings): DriftWatch {
  const { takeTurn, everyMs, nowMs, random, metrics, log } = settings;
  let isClosed = false;
  let timer = later(0);
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };

  function later(delayMs: number): NodeJS.Timeout {
    return setTimeout(
      () =>
        void look().then((untilMs) => {
          if (!isClosed) timer = later(untilMs);
        }),
      delayMs + random() * spreadMs,
    ).unref();
  }

  /** Resolves to the time until the next look. */
  async function look(): Promise<number> {
    try {
      const untilMs = await takeTurn();
      if (untilMs > 0) return untilMs;
      tell(await compare(settings, nowMs()));
    } catch (error) {
      // Its connection reports its troubles itself. Nobody knows whose turn it was, so it is asked again soon.
      if (error instanceof StoreUnavailable) return Math.min(everyMs, storeAwayMs);
      if (!isClosed) {
        metrics.failed();
        log.warn({ cause: (error as Error).message }, "the provider's usage could not be compared");
      }
    }
    return everyMs;
  }

  function tell({ tokens, usd }: Drift): void {
    metrics.told({ tokens, usd }, 2 * everyMs + spreadMs);
    const units = { tokens, usd };
    for (const unit of ['tokens', 'usd'] as const) {
      const compared = units[unit];
      if (!compared) continue;
      const { fromMs, toMs, provider, ledger, ratio } = compared;
      const period = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
      log.info({ unit, ...period, provider, ledger, ratio }, 'drift');
    }
  }
}
