import type { Headers } from '../../src/exchange.ts';
import { matchOperation } from '../../src/openai/match-operation.ts';
import { type PaceParts, pace } from '../../src/policies/pace.ts';
import type { UpstreamLimitMetrics } from '../../src/telemetry/upstream-limit-metrics.ts';
import { plainExchange } from '../harness/exchange.ts';
import { type FakeClock } from '../harness/fake-clock.ts';

const noMetrics: UpstreamLimitMetrics = { seen: () => {}, slowed: () => {} };

export interface Answer {
  readonly status?: number;
  readonly headers?: Headers;
  /** How long the upstream thinks. */
  readonly tookMs?: number;
}

export interface PacedCall {
  /** Undefined until then. */
  sentAtMs: number | undefined;
  readonly answered: Promise<void>;
}

/** What an upstream says of its limit of requests. */
export function requestsLeft(limit: number, remaining: number, reset: string): Headers {
  return {
    'x-ratelimit-limit-requests': `${limit}`,
    'x-ratelimit-remaining-requests': `${remaining}`,
    'x-ratelimit-reset-requests': reset,
  };
}

/** Calls through the policy, on a fake clock; each says what it is answered. */
export function pacedCalls(clock: FakeClock, parts: Partial<PaceParts> = {}) {
  const answers = new Map<string, { call: PacedCall; answer: Answer }>();
  const policy = pace({
    upstream: 'primary',
    origin: 'https://api.openai.com',
    maxWaitMs: 2000,
    metrics: noMetrics,
    clock,
    ...parts,
  });
  const handler = policy(async ({ id }) => {
    const { call, answer } = answers.get(id)!;
    call.sentAtMs = clock.nowMs();
    if (answer.tookMs !== undefined) await clock.sleep(answer.tookMs);
    const { status = 200, headers = {} } = answer;
    return { status, headers, body: () => ({ resume() {}, leave() {} }), finished: new Promise(() => {}) };
  });
  let calls = 0;
  return (answer: Answer = {}, model = 'gpt-4o', signal = new AbortController().signal): PacedCall => {
    const id = `req_${(calls += 1)}`;
    const value = { model, messages: [] };
    const body = { kind: 'json', value, bytes: Buffer.from(JSON.stringify(value)) } as const;
    const path = '/chat/completions';
    const { operation } = matchOperation('POST', `/v1${path}`)!;
    const call: { sentAtMs: number | undefined; answered: Promise<void> } = {
      sentAtMs: undefined,
      answered: Promise.resolve(),
    };
    answers.set(id, { call, answer });
    call.answered = handler({ ...plainExchange(), id, method: 'POST', path, operation, body, signal }).then(
      () => {},
    );
    call.answered.catch(() => {});
    return call;
  };
}
