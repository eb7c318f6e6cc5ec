import { createRedisSharedAllowances } from '../redis/redis-shared-allowances.ts';
import type { SharedAllowances } from '../upstream-limits/shared-allowances.ts';
import type { StoreSettings } from './open-ledger.ts';

/**
 * Where pods share what upstreams say of their own limits. Undefined where there is nobody to share it with, or
 * nothing to do about it.
 */
export function openSharedAllowances(
  { redisUrl: url, timeoutMs, keyPrefix }: StoreSettings,
  paceUpToMs: number,
  onError: (error: Error) => void,
): SharedAllowances | undefined {
  if (url === '' || paceUpToMs === 0) return undefined;
  return createRedisSharedAllowances({ url, timeoutMs, keyPrefix, onError });
}
