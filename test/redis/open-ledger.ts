import { randomUUID } from 'node:crypto';

import type { Ledger } from '../../src/ledger/ledger.ts';
import { createRedisLedger } from '../../src/redis/redis-ledger.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { until } from '../harness/redis.ts';

export interface OpenedLedger {
  readonly ledger: Ledger;
  /** What its keys begin with. */
  readonly keyPrefix: string;
  /** What it was told of its connections. */
  readonly errors: Error[];
}

/** A pod's ledger, closed when the test is over. */
export function openLedger(
  lifetime: Lifetime,
  url: string,
  { timeoutMs = 2000, keyPrefix = randomUUID() }: { timeoutMs?: number; keyPrefix?: string } = {},
): OpenedLedger {
  const errors: Error[] = [];
  const onError = (error: Error) => void errors.push(error);
  const ledger = createRedisLedger({ url, timeoutMs, keyPrefix, onError });
  lifetime.after(() => ledger.close());
  return { ledger, keyPrefix, errors };
}

/** One that has its connection. */
export async function openReadyLedger(...args: Parameters<typeof openLedger>): Promise<OpenedLedger> {
  const opened = openLedger(...args);
  await untilReady(opened.ledger);
  return opened;
}

export async function untilReady(ledger: Ledger, org = 'ready'): Promise<void> {
  await until(async () => {
    try {
      await ledger.windows(org);
      return true;
    } catch {
      return false;
    }
  });
}
