import assert from 'node:assert/strict';
import { test } from 'node:test';

import { metricDefinitions } from '../../src/telemetry/metric-definitions.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const answer = { model: 'm-1', usage };

test('requests, durations, bytes, tokens and refusals are counted by operation', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => {
    answerJson(response, answer);
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const post = (body: string) =>
    fetch(`${sidecar.url}/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  await (await post('{"input":"x"}')).text();
  await (await post('{"input":')).text();
  const metrics = await sidecar.metrics();
  for (const line of [
    'requests_total{operation="embeddings.create",status="200",ending="complete",team="",app=""} 1',
    'requests_total{operation="embeddings.create",status="400",ending="refused",team="",app=""} 1',
    'refusals_total{operation="embeddings.create",code="malformed_json"} 1',
    'request_duration_seconds_count{operation="embeddings.create"} 2',
    'time_to_first_byte_seconds_count{operation="embeddings.create"} 1',
    'request_body_bytes_total{operation="embeddings.create"} 22',
    `response_body_bytes_total{operation="embeddings.create"} ${JSON.stringify(answer).length}`,
    'tokens_total{operation="embeddings.create",model="m-1",kind="input",team="",app=""} 10',
    'tokens_total{operation="embeddings.create",model="m-1",kind="output",team="",app=""} 5',
    'requests_in_flight 0',
  ]) {
    assert.ok(metrics.includes(`assistant_proxy_${line}\n`), `${line}\n${metrics}`);
  }
  for (const { name, type } of Object.values(metricDefinitions)) {
    assert.ok(metrics.includes(`# TYPE ${name} ${type}\n`), name);
  }
});

test('a flood of model names fills the label up to its bound, and then counts as other', async (t) => {
  let served = 0;
  const upstream = await startUpstream(t, (_request, response) => {
    served += 1;
    answerJson(response, { model: `model-${served}`, usage });
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_TELEMETRY_MAX_MODEL_LABELS: '3' },
  });
  for (let sent = 0; sent < 50; sent += 1) {
    const answer = await fetch(`${sidecar.url}/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await answer.text();
  }
  const metrics = await sidecar.metrics();
  const models = new Set([...metrics.matchAll(/tokens_total\{.*model="([^"]+)"/g)].map((match) => match[1]));
  assert.deepEqual([...models], ['model-1', 'model-2', 'model-3', 'other']);
  assert.ok(metrics.includes('model="other",kind="input",team="",app=""} 470\n'));
});

test('an unknown path, however it is spelled, adds no label values', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  for (let sent = 0; sent < 20; sent += 1) await (await fetch(`${sidecar.url}/made/up/${sent}`)).text();
  const metrics = await sidecar.metrics();
  assert.ok(
    metrics.includes(
      'requests_total{operation="unknown",status="200",ending="complete",team="",app=""} 20\n',
    ),
  );
  assert.ok(!metrics.includes('made'));
});
