import type { TestContext } from 'node:test';

import OpenAI from 'openai';

import { startStandIn, type StandIn, type StandInOptions } from './stand-in.ts';

/** A stand-in that ends with the test, and the SDK's client for it, without retries. */
export async function withStandIn(
  test: TestContext,
  options: StandInOptions = {},
): Promise<{ standIn: StandIn; client: OpenAI }> {
  const standIn = await startStandIn(options);
  test.after(() => standIn.close());
  return { standIn, client: new OpenAI({ baseURL: standIn.url, apiKey: standIn.apiKey, maxRetries: 0 }) };
}

/** A clock that only moves when it is told to, for states that follow from the time. */
export function stoppedClock(): { now: () => number; advance(ms: number): void } {
  let nowMs = Date.UTC(2026, 10, 21);
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}
