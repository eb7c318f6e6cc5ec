import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { type Fault, startStandIn } from '../stand-in/stand-in.ts';

const faults: readonly (readonly [result: string, fault: Fault | undefined])[] = [
  ['ok', undefined],
  ['client_error', { kind: 'status', status: 400 }],
  ['rate_limited', { kind: 'status', code: 'rate_limit_exceeded' }],
  ['server_error', { kind: 'status', status: 500 }],
  ['unreachable', { kind: 'garbage' }],
  ['unreachable', { kind: 'reset' }],
  ['timeout', { kind: 'silence' }],
];

for (const [result, fault] of faults) {
  const how = fault
    ? ('code' in fault && fault.code) || ('status' in fault && fault.status) || fault.kind
    : 'well';
  test(`an attempt that ends with ${how} counts as ${result}, once`, async (t) => {
    const { sidecar, standIn } = await startBoth(t);
    if (fault) standIn.fail(fault);
    await (await postJson(`${sidecar.url}/chat/completions`, chat(3))).text();
    await countsAs(sidecar, result);
  });
}

test('an error that a stream tells first counts as what it tells', async (t) => {
  const { sidecar, standIn } = await startBoth(t);
  standIn.fail({ kind: 'errorEvent', events: 0, code: 'rate_limit_exceeded' });
  await (await postJson(`${sidecar.url}/chat/completions`, chat(3, { stream: true }))).text();
  await countsAs(sidecar, 'rate_limited');
});

test('an upstream that nothing listens at counts as unreachable', async (t) => {
  const { sidecar, standIn } = await startBoth(t);
  await standIn.refuse();
  await (await postJson(`${sidecar.url}/chat/completions`, chat(3))).text();
  await countsAs(sidecar, 'unreachable');
});

test('a caller that leaves before the answer begins counts as aborted', async (t) => {
  const { sidecar } = await startBoth(t);
  const slow = chat(3, { messages: [{ role: 'user', content: '[[thinkMs:5000]]' }] });
  const signal = AbortSignal.timeout(300);
  await assert.rejects(postJson(`${sidecar.url}/chat/completions`, slow, { signal }));
  await countsAs(sidecar, 'aborted');
});

async function startBoth(t: TestContext) {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  const config = 'retry: { maxAttempts: 1 }\nupstream: { headersTimeoutMs: 1500 }';
  return { standIn, sidecar: await startSidecar(t, { upstreamUrl: standIn.url, config }) };
}

async function countsAs(sidecar: Parameters<typeof metricSum>[0], result: string): Promise<void> {
  const attempts = (labels: Record<string, string>) =>
    metricSum(sidecar, 'assistant_proxy_upstream_attempts_total', labels);
  await until(async () => (await attempts({})) > 0);
  assert.equal(await attempts({ upstream: 'primary', result }), 1, await sidecar.metrics());
  assert.equal(await attempts({}), 1);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_upstream_duration_seconds_count'), 1);
}
