import { setTimeout as sleep } from 'node:timers/promises';

import { type Exchange, type Handler, type Outcome, newCallRecord } from '../exchange.ts';
import { matchOperation } from '../openai/match-operation.ts';
import { unknownOperation } from '../openai/operations.ts';
import { isFinal } from './deferred-work.ts';

/** What the upstream says of work that was begun earlier. */
export type WorkState =
  | { readonly kind: 'known'; readonly outcome: Outcome }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreachable' };

/** @param path below the API's prefix, perhaps with a query. */
export type LookUpWork = (path: string) => Promise<WorkState>;

const timeoutMs = 10_000;

/** Asking again would not help. */
const goneStatuses: ReadonlySet<number> = new Set([400, 404, 405, 410, 422]);

/** @param upstream reads usage out of what it answers. */
export function createLookUpWork(upstream: Handler): LookUpWork {
  return async (pathAndQuery) => {
    try {
      const reply = await upstream(exchangeFor(pathAndQuery));
      reply.body({ write: () => true, end() {}, fail() {} });
      const outcome = await reply.finished;
      if (goneStatuses.has(reply.status)) return { kind: 'gone' };
      if (reply.status >= 400 || outcome.ending !== 'complete') return { kind: 'unreachable' };
      return { kind: 'known', outcome };
    } catch {
      return { kind: 'unreachable' };
    }
  };
}

/** An upstream notices a moment later that its caller has left, and tells of the end only then. */
const askAgainAfterMs = [0, 100, 300, 600];

/** How work ended that was cut just now; undefined if the upstream doesn't tell within about a second. */
export async function lookUpEnd(lookUp: LookUpWork, path: string): Promise<Outcome | undefined> {
  for (const delayMs of askAgainAfterMs) {
    await sleep(delayMs);
    const state = await lookUp(path);
    if (state.kind === 'known' && isFinal(state.outcome.status)) return state.outcome;
  }
  return undefined;
}

function exchangeFor(pathAndQuery: string): Exchange {
  const [path = '', query] = pathAndQuery.split('?', 2);
  return {
    id: 'sweeper',
    method: 'GET',
    operation: matchOperation('GET', `/v1${path}`)?.operation ?? unknownOperation,
    path,
    query: query === undefined ? '' : `?${query}`,
    deployment: undefined,
    headers: path.startsWith('/threads/') ? { 'openai-beta': 'assistants=v2' } : {},
    body: { kind: 'none' },
    signal: AbortSignal.timeout(timeoutMs),
    record: newCallRecord(),
  };
}
