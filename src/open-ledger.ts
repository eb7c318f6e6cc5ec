import { createEmbeddedLedger } from './embedded/embedded-ledger.ts';
import type { Ledger } from './ledger/ledger.ts';
import { createRedisLedger } from './redis/redis-ledger.ts';

export interface StoreSettings {
  /** Empty: the embedded store. */
  readonly redisUrl: string;
  readonly stateDir: string;
  readonly timeoutMs: number;
  readonly keyPrefix: string;
}

/** The store of budgets and limits that the configuration names. */
export function openLedger(
  { redisUrl, stateDir, timeoutMs, keyPrefix }: StoreSettings,
  onError: (error: Error) => void,
): Ledger {
  if (redisUrl === '') return createEmbeddedLedger({ stateDir, now: Date.now, onError });
  return createRedisLedger({ url: redisUrl, timeoutMs, keyPrefix, onError });
}
