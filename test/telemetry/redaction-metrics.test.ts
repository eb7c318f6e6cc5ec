import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Registry } from 'prom-client';

import { createRedactionMetrics } from '../../src/telemetry/redaction-metrics.ts';

test('what was redacted is counted by entity, operation and mode, opt-outs and failures by themselves', async () => {
  const registry = new Registry();
  const metrics = createRedactionMetrics([registry]);
  const finding = { entity: 'EMAIL', operation: 'createResponse', mode: 'mask' };
  metrics.redacted(finding);
  metrics.redacted(finding);
  metrics.redacted({ ...finding, mode: 'observe' });
  metrics.optedOut('createResponse');
  metrics.failed('analyzer_timeout');
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(lines, [
    'assistant_proxy_redactions_total{entity="EMAIL",operation="createResponse",mode="mask"} 2',
    'assistant_proxy_redactions_total{entity="EMAIL",operation="createResponse",mode="observe"} 1',
    'assistant_proxy_redaction_opt_outs_total{operation="createResponse"} 1',
    'assistant_proxy_redaction_failures_total{reason="analyzer_timeout"} 1',
    ...['analyzer_unreachable', 'analyzer_answer', 'store', 'internal'].map(
      (reason) => `assistant_proxy_redaction_failures_total{reason="${reason}"} 0`,
    ),
  ]);
});

test('entities without end count as other, and never grow the metrics without end', async () => {
  const registry = new Registry();
  const metrics = createRedactionMetrics([registry]);
  for (let index = 0; index < 1000; index += 1) {
    metrics.redacted({ entity: `E${index}`, operation: 'createResponse', mode: 'mask' });
  }
  const text = await registry.metrics();
  assert.match(text, /entity="other".* 700\n/);
  assert.doesNotMatch(text, /entity="E300"/);
});
