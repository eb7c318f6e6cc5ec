import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat, postJson } from '../harness/governed.ts';
import { callersTrace, spanThat, startTraced } from './traced.ts';

test('models that are named by a hostile caller do not keep a trace from being taken', async (t) => {
  const { sidecar, collector } = await startTraced(t, {
    config: 'retry: { maxAttempts: 1 }',
    env: { ASSISTANT_PROXY_TELEMETRY_MAX_MODEL_LABELS: '2' },
  });
  const models = [
    '\ud800 half a letter',
    'new\nline\u0000"quote\\{}',
    'x'.repeat(100_000),
    '__proto__',
    '\u202eright to left',
  ];
  for (const model of models) {
    await (await postJson(`${sidecar.url}/chat/completions`, chat(1, { model }))).text();
  }
  await sidecar.shutDown();
  const attempts = collector.spans.filter(({ kind }) => kind === 'client');
  assert.equal(attempts.length, models.length);
  const told = attempts.map(({ attributes }) => String(attributes['gen_ai.request.model']));
  const expected = models.map((model) => model.slice(0, 128).toWellFormed());
  assert.deepEqual(told.toSorted(), expected.toSorted());
  const names = new Set(attempts.map(({ name }) => name));
  assert.equal(names.size, 3, 'two models, and others');
  assert.ok(names.has('chat other'));
});

test('a request with a malformed trace begins one of its own, and sends that on', async (t) => {
  const { sidecar, collector, standIn } = await startTraced(t);
  const malformed = [
    { traceparent: 'garbage', tracestate: 'vendor=opaque' },
    { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, tracestate: 'vendor=opaque' },
    { traceparent: '', tracestate: 'vendor=opaque' },
    { tracestate: 'vendor=opaque' },
  ];
  for (const headers of malformed) {
    await (await fetch(`${sidecar.url}/models`, { headers: headers as Record<string, string> })).text();
  }
  await sidecar.shutDown();
  const roots = collector.spans.filter(({ kind }) => kind === 'server');
  assert.equal(roots.length, malformed.length);
  for (const { parentSpanId } of roots) assert.equal(parentSpanId, '');
  for (const { headers } of standIn.requests) {
    assert.match(String(headers['traceparent']), /^00-[\da-f]{32}-[\da-f]{16}-01$/);
    assert.equal(headers['tracestate'], undefined);
  }
});

test('a malformed tracestate is left out, and its trace goes on', async (t) => {
  const { sidecar, collector, standIn } = await startTraced(t);
  const traceId = 'd'.repeat(32);
  const headers = { ...callersTrace(traceId), tracestate: 'no value' };
  await (await fetch(`${sidecar.url}/models`, { headers })).text();
  await sidecar.shutDown();
  assert.equal((await spanThat(collector, ({ kind }) => kind === 'server')).traceId, traceId);
  assert.equal(standIn.requests[0]?.headers['tracestate'], undefined);
});

test('a path that is in no table, and the ids in one that is, name no span', async (t) => {
  const { sidecar, collector } = await startTraced(t);
  await (await fetch(`${sidecar.url}/whatever/someone-private`)).text();
  await (await fetch(`${sidecar.url}/responses/resp_someone-private`)).text();
  await sidecar.shutDown();
  const calls = collector.spans.filter(({ kind }) => kind !== 'internal');
  const names = calls.map(({ name }) => name).toSorted();
  assert.deepEqual(names, ['GET', 'GET', 'GET /responses/{response_id}', 'GET /responses/{response_id}']);
  assert.ok(!JSON.stringify(collector.spans).includes('someone-private'));
});

test('a call that waits for a limit tells of that as a part of its own', async (t) => {
  const { sidecar, collector } = await startTraced(t, {
    config: `
      limits: [{ name: one, requests: { rate: 10, per: second, burst: 1 }, waitUpToMs: 5000 }]
    `,
  });
  const calls = [chat(1), chat(1)].map((body) => postJson(`${sidecar.url}/chat/completions`, body));
  await Promise.all((await Promise.all(calls)).map((answer) => answer.text()));
  await sidecar.shutDown();
  const waits = collector.spans.filter(({ name }) => name === 'hold budget');
  assert.ok(waits.some(({ durationMs }) => durationMs > 20));
  for (const { kind, parentSpanId } of waits) {
    assert.equal(kind, 'internal');
    assert.ok(collector.spans.some(({ spanId }) => spanId === parentSpanId));
  }
});
