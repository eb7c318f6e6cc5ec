import assert from 'node:assert/strict';
import { test } from 'node:test';

import { observe } from '../../src/policies/observe.ts';
import { createActivity } from '../../src/telemetry/activity.ts';
import { plainExchange } from '../harness/exchange.ts';
import { createOwnMetrics, textOf } from '../harness/own-metrics.ts';
import { sendRaw } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

/** One request for each place where the edge or a policy can refuse it. */
const refusedRequests = {
  malformed_path: 'GET /elsewhere HTTP/1.1\r\nhost: x\r\n\r\n',
  websocket_unsupported:
    'GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  malformed_request: 'GET /v1/models HTTP/1.1\r\n\r\n',
  unsupported_media_type:
    'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: ;;;\r\ncontent-length: 2\r\n\r\n{}',
  malformed_json:
    'POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n{',
};

test('every refusal is counted once, by its code, and logged', async (t) => {
  const upstream = await startUpstream(t, () => assert.fail('nothing may reach the upstream'));
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  for (const [code, bytes] of Object.entries(refusedRequests)) {
    const answer = await sendRaw(sidecar.port, bytes);
    assert.match(answer.body, new RegExp(`"code":"${code}"`));
  }
  const counted = (await sidecar.metrics()).matchAll(/refusals_total\{.*code="(\w+)"\} (\d+)/g);
  const expected = Object.keys(refusedRequests).map((code) => [code, '1']);
  assert.deepEqual([...counted].map(([, code, count]) => [code, count]).sort(), expected.sort());
  const logged = sidecar.logLines().map((line) => line['errorCode']);
  assert.deepEqual(logged, Object.keys(refusedRequests));
});

test('a failure of our own is counted by the code that the caller is told', async () => {
  const metrics = createOwnMetrics();
  const parts = {
    logRequest() {},
    audit() {},
    metrics,
    activity: createActivity(Date.now),
    costOf: () => 0,
  };
  const observed = observe(parts)(() => Promise.reject(new Error()));
  await assert.rejects(observed(plainExchange()));
  assert.match(await textOf(metrics), /refusals_total\{operation="unknown",code="internal_error"\} 1/);
});
