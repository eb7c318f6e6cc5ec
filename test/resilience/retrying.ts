import type { Exchange, Handler } from '../../src/exchange.ts';
import { operations } from '../../src/openai/operations.ts';
import { type RetryParts, retry } from '../../src/policies/retry.ts';
import { createResting } from '../../src/resilience/resting.ts';
import { createRetryBudget } from '../../src/resilience/retry-budget.ts';
import type { Upstream } from '../../src/resilience/upstreams.ts';
import { plainExchange } from '../harness/exchange.ts';
import { type FakeClock, createFakeClock } from '../harness/fake-clock.ts';

export interface Retrying {
  readonly handler: Handler;
  readonly clock: FakeClock;
  /** What the metrics heard. */
  readonly told: string[];
}

/** The policy alone, with a clock that stands still and no chance: pauses are half of what they may be. */
export function retrying(
  upstream: Handler,
  settings: Partial<RetryParts> = {},
  clock: FakeClock = createFakeClock(),
): Retrying {
  const told: string[] = [];
  const policy = retry({
    maxAttempts: 3,
    baseMs: 250,
    maxMs: 8000,
    random: () => 0.5,
    budget: createRetryBudget(() => 100, clock.nowMs),
    lookUp: 'never',
    findGeneration: async () => ({ state: 'unknown' }),
    fallbacks: [],
    resting: createResting(clock.nowMs),
    clock,
    metrics: {
      retried: (name, failure) => told.push(`retried ${name} after ${failure}`),
      withheld: (why) => told.push(`withheld: ${why}`),
    },
    log: { debug() {} },
    ...settings,
  });
  return { handler: policy(upstream), clock, told };
}

export function fallback(name: string, handler: Handler, clock: FakeClock): Upstream {
  return { name, handler, resting: createResting(clock.nowMs), serves: () => true };
}

export function callOf(name: string, value?: object, more: Partial<Exchange> = {}): Exchange {
  const operation = operations.find((candidate) => candidate.name === name)!;
  const { method, path } = operation;
  const bytes = value && Buffer.from(JSON.stringify(value));
  const body: Exchange['body'] = bytes ? { kind: 'json', bytes, value } : { kind: 'none' };
  return { ...plainExchange(), method, path, operation, body, ...more };
}

export const chatCall = (more: Partial<Exchange> = {}) =>
  callOf('chat.completions.create', { model: 'gpt-4o', messages: [] }, more);

/** Lets time pass until the call has come to its end. */
export async function settle<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  work.then(
    () => over.abort(),
    () => over.abort(),
  );
  while (!over.signal.aborted) await clock.run();
  return work;
}
