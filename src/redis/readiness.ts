import { once } from 'node:events';

import type { Cluster, Redis } from 'ioredis';

import { StoreUnavailable } from '../store-unavailable.ts';
import { plainError } from './plain-error.ts';

/**
 * Waits for the client's connection: a start, a failover or a blink of the network that is shorter than a timeout
 * costs time, and no refusal. Rejects with `StoreUnavailable` when an attempt to connect fails.
 */
export function createReadiness(client: Redis | Cluster): () => Promise<void> {
  let isReady: Promise<unknown> | undefined;
  return async () => {
    if (client.status === 'ready') return;
    await (isReady ??= once(client, 'ready')
      .catch(notSent)
      .finally(() => (isReady = undefined)));
  };
}

function notSent(cause: unknown): never {
  const { message } = plainError(cause);
  throw new StoreUnavailable(message, { cause, mayHaveHappened: false });
}
