import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { sendSlowly } from '../harness/send-slowly.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

/** Each of the waits below is this long, and what the sidecar adds is a fraction of it. */
const waitMs = 1500;

test('time with the upstream is no overhead, be it ahead of the answer or in the middle of its stream', async (t) => {
  const { sidecar } = await startBoth(t);
  await ask(sidecar, { messages: says(`[[thinkMs:${waitMs}]]`) });
  await ask(sidecar, { messages: says(`[[words:15]] [[delayMs:${waitMs / 15}]]`), stream: true });
  await isHonest(sidecar, 2);
});

test('pauses ahead of another attempt are none, nor is the attempt that failed', async (t) => {
  const { sidecar, standIn } = await startBoth(t);
  standIn.fail({ kind: 'status', code: 'rate_limit_exceeded', retryAfterMs: waitMs });
  await ask(sidecar, {});
  standIn.fail({ kind: 'silence' });
  await ask(sidecar, {}, { headers: { 'x-stainless-timeout': String(waitMs / 1000) } });
  await isHonest(sidecar, 2);
});

test('waiting for a limit, or for one of the upstream’s places, is none, and is told by itself', async (t) => {
  const { sidecar } = await startBoth(
    t,
    `
overload: { maxConcurrent: 1, queueUpToMs: 60000 }
limits: [{ name: slow, match: { model: [gpt-4o-mini] }, requests: { rate: ${1000 / waitMs}, per: second, burst: 1 }, waitUpToMs: 60000 }]
`,
  );
  await Promise.all([1, 2].map(() => ask(sidecar, { model: 'gpt-4o-mini' })));
  await Promise.all([1, 2].map(() => ask(sidecar, { messages: says(`[[thinkMs:${waitMs}]]`) })));
  await isHonest(sidecar, 4);
  for (const queue of ['limit', 'upstream']) {
    assert.ok(
      (await metricSum(sidecar, 'assistant_proxy_queue_seconds_sum', { queue })) > waitMs / 2000,
      queue,
    );
    assert.equal(await metricSum(sidecar, 'assistant_proxy_queue_seconds_count', { queue }), 1, queue);
  }
});

test('waiting for the caller to send the rest of its body is none', async (t) => {
  const { sidecar } = await startBoth(t);
  await sendSlowly(`${sidecar.url}/chat/completions`, JSON.stringify(chat(3)), waitMs);
  await isHonest(sidecar, 1);
});

test('waiting for another call with the same key is none, also where this call is then made', async (t) => {
  let calls = 0;
  let began = () => {};
  const beginning = new Promise<void>((resolve) => (began = resolve));
  const upstream = await startUpstream(t, async (request, response) => {
    await readText(request);
    calls += 1;
    began();
    if (calls > 1) return answerJson(response, { id: 'chatcmpl-1', choices: [] });
    await sleep(waitMs);
    answerJson(response, { error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 429);
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: 'retry: { maxAttempts: 1 }' });
  const init = { headers: { 'idempotency-key': 'one' } };
  const first = ask(sidecar, {}, init);
  await beginning;
  await Promise.all([first, ask(sidecar, {}, init)]);
  assert.equal(calls, 2);
  await isHonest(sidecar, 2);
});

test('looking for personal data is overhead, since it is the sidecar that does so', async (t) => {
  const { sidecar } = await startBoth(t, 'redaction: { mode: mask, outputs: true }');
  const startedAtMs = performance.now();
  await ask(sidecar, { messages: says(`${'Write to anna.schmidt@example.org. '.repeat(2000)}[[words:3]]`) });
  const tookMs = performance.now() - startedAtMs;
  const overheadMs = 1000 * (await metricSum(sidecar, 'assistant_proxy_overhead_seconds_sum'));
  assert.ok(overheadMs > 1 && overheadMs < tookMs, `${overheadMs} of ${tookMs} ms`);
});

test('what is answered without the upstream has no overhead', async (t) => {
  const { sidecar } = await startBoth(
    t,
    'budgets: [{ name: none, limit: { tokens: 1 }, window: { every: day } }]',
  );
  assert.equal((await postJson(`${sidecar.url}/chat/completions`, chat(3))).status, 429);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_overhead_seconds_count'), 0);
});

async function startBoth(t: TestContext, config = '') {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  return { standIn, sidecar: await startSidecar(t, { upstreamUrl: standIn.url, config }) };
}

function says(content: string) {
  return [{ role: 'user', content }];
}

async function ask(sidecar: Sidecar, more: object, init: RequestInit = {}): Promise<void> {
  await (await postJson(`${sidecar.url}/chat/completions`, chat(3, more), init)).text();
}

/** So many calls, of which each waited, and all of which together took no time to speak of. */
async function isHonest(sidecar: Sidecar, calls: number): Promise<void> {
  await sleep(20);
  const sum = (name: string) => metricSum(sidecar, `assistant_proxy_${name}`);
  assert.equal(await sum('overhead_seconds_count'), calls);
  const overheadMs = 1000 * (await sum('overhead_seconds_sum'));
  // The sidecar's own clock may begin later, on a machine that is busy.
  assert.ok((await sum('request_duration_seconds_sum')) * 1000 > waitMs / 2);
  assert.ok(overheadMs > 0 && overheadMs < waitMs / 2, `${overheadMs} ms`);
}
