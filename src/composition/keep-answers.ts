import type { Config } from '../config/schema.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import type { AnswerStore } from '../idempotency/answer-store.ts';
import { createLiveCalls } from '../idempotency/live-calls.ts';
import type { ReplayParts } from '../policies/replay.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { openAnswerStore } from './open-answer-store.ts';

interface KeepingParts {
  readonly log: LogSink['log'];
  readonly metrics: Metrics;
  /** Makes the state directory this process's own. */
  own(): Ownership;
}

export interface KeptAnswers {
  readonly replaying: ReplayParts;
  /** Waits for calls with a key, whose callers may have left; false if some take longer. */
  drain(gracePeriodMs: number): Promise<boolean>;
  /** Ends those that still run, and waits so long for the store to hear of it. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * What calls with an Idempotency-Key need. The store is opened by the first of them: who never sends one needs none,
 * and where it can't be opened everything else is served all the same.
 */
export function keepAnswers(config: Config, { log, metrics, own }: KeepingParts): KeptAnswers {
  const { keepSeconds, maxAnswerBytes } = config.idempotency;
  const { leaseMs } = config.store;
  const onError = (error: Error) => log.warn({ cause: error.message }, 'store of answers');
  let opened: AnswerStore | undefined;
  const store = () => (opened ??= open());
  const calls = createLiveCalls({
    store,
    leaseMs,
    onGivenUp: (error) => log.error({ cause: error.message }, 'answer not kept for its Idempotency-Key'),
  });
  function open(): AnswerStore {
    const store = openAnswerStore(config.store, { own, onError, leaseMs, keepMs: keepSeconds * 1000 });
    return metrics.stores.measured('answers', store, ['begin', 'renew', 'keep', 'release']);
  }
  return {
    replaying: { store, calls, maxAnswerBytes, count: metrics.idempotent, random: Math.random },
    drain: calls.drain,
    async close(timeoutMs) {
      await calls.close(timeoutMs);
      await opened?.close();
    },
  };
}
