import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallerLeft, ProxyError } from '../../src/errors.ts';
import type { Outcome, Reply } from '../../src/exchange.ts';
import { operations } from '../../src/openai/operations.ts';
import { observe } from '../../src/policies/observe.ts';
import { createActivity } from '../../src/telemetry/activity.ts';
import { plainExchange } from '../harness/exchange.ts';
import { createOwnMetrics, textOf } from '../harness/own-metrics.ts';
import { parseExposition } from '../harness/parse-exposition.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const openMetrics = 'application/openmetrics-text; version=1.0.0';

test('a call that is part of a trace that is kept leaves its id beside what was measured of it, for whoever asks for OpenMetrics', async () => {
  const metrics = createOwnMetrics();
  const usage = {
    inputTokens: 10,
    outputTokens: 5,
    totalTokens: 15,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  const outcome: Outcome = { ending: 'complete', bodyBytes: 9, firstByteAtMs: performance.now() + 1, usage };
  const activity = createActivity(Date.now);
  const observed = observe({ logRequest() {}, audit() {}, metrics, activity, costOf: () => 100 })(async ({
    record,
  }) => {
    record.upstreamMs = 1;
    const body = () => ({ resume() {}, leave() {} });
    return { status: 200, headers: {}, body, finished: Promise.resolve(outcome) };
  });
  const operation = operations.find(({ name }) => name === 'chat.completions.create')!;
  const unkept = { traceId: 'f'.repeat(32), traceIsKept: 'ifFailed' } as const;
  for (const trace of [{ traceId, traceIsKept: 'always' } as const, unkept, {}])
    await observed({ ...plainExchange(), operation, ...trace });
  await new Promise(setImmediate);

  const rich = parseExposition((await metrics.exposition(openMetrics))?.text ?? '');
  const exemplarsOf = (name: string) =>
    (rich.get(name)?.samples ?? []).flatMap(({ exemplar }) => (exemplar ? [exemplar] : []));
  for (const [name, expected] of [
    ['assistant_proxy_request_duration_seconds', 1],
    ['assistant_proxy_overhead_seconds', 1],
    ['gen_ai_client_operation_duration_seconds', 1],
    // Input and output.
    ['gen_ai_client_token_usage', 2],
  ] as const) {
    const exemplars = exemplarsOf(name);
    assert.equal(exemplars.length, expected, name);
    for (const exemplar of exemplars) assert.deepEqual(exemplar, { trace_id: traceId });
  }
  assert.ok(!(await textOf(metrics)).includes(traceId));
});

for (const [how, traceIsKept, reply, isExpected] of [
  ['answers well, and is sampled', 'always', () => answered(200, 'complete'), true],
  ['answers well', 'ifFailed', () => answered(200, 'complete'), false],
  ['answers an error', 'ifFailed', () => answered(500, 'complete'), true],
  ['answers an error to a caller that leaves', 'ifFailed', () => answered(500, 'aborted'), true],
  ['answers a caller that leaves', 'ifFailed', () => answered(200, 'aborted'), false],
  ['breaks off', 'ifFailed', () => answered(200, 'cut'), true],
  ['is refused', 'ifFailed', () => Promise.reject(new ProxyError('upstream_timeout')), true],
  ['is left before there is an answer', 'ifFailed', () => Promise.reject(new CallerLeft()), false],
  [
    'answers an error in a run, whose trace it does not decide on,',
    undefined,
    () => answered(500, 'complete'),
    false,
  ],
] as const) {
  test(`a call that ${how} leaves ${isExpected ? 'an' : 'no'} exemplar`, async () => {
    const metrics = createOwnMetrics();
    const activity = createActivity(Date.now);
    const parts = { logRequest() {}, audit() {}, metrics, activity, costOf: () => 100 };
    const exchange = { ...plainExchange(), traceId, ...(traceIsKept && { traceIsKept }) };
    await observe(parts)(reply)(exchange).catch(() => {});
    await new Promise(setImmediate);
    assert.equal((await metrics.exposition(openMetrics))!.text.includes(traceId), isExpected);
  });
}

function answered(status: number, ending: Outcome['ending']): Promise<Reply> {
  const body = () => ({ resume() {}, leave() {} });
  const outcome = { ending, bodyBytes: 9, endedAtMs: performance.now() };
  return Promise.resolve({ status, headers: {}, body, finished: Promise.resolve(outcome) });
}
