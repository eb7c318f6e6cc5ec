import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { exemplarTraceIds } from '../harness/exemplars.ts';
import { chat, postJson } from '../harness/governed.ts';
import { callersTrace, childrenOf, spanThat, startTraced } from './traced.ts';

const never = { ASSISTANT_PROXY_TELEMETRY_SAMPLE_RATIO: '0' };
const ids = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)] as const;

/** What it tells of three calls: one that goes well, one that fails upstream, one that is refused here. */
async function tellOf(t: TestContext, isSampled: boolean | undefined) {
  const traced = await startTraced(t, { env: never, config: 'retry: { maxAttempts: 1 }' });
  const { sidecar, standIn, collector } = traced;
  const post = async (traceId: string, body: object) => {
    const headers: Record<string, string> = isSampled === undefined ? {} : callersTrace(traceId, isSampled);
    await (await postJson(`${sidecar.url}/chat/completions`, body, { headers })).text();
  };
  await post(ids[0], chat(5));
  standIn.fail({ kind: 'status', status: 500 });
  await post(ids[1], chat(5));
  await postJson(`${sidecar.url}/chat/completions`, {}, { headers: { 'content-type': 'text/plain' } });
  const exemplars = await exemplarTraceIds(sidecar);
  await sidecar.shutDown();
  return { ...traced, spans: collector.spans, exemplars };
}

test('of the traces that the ratio leaves out those of failed requests are told, whole', async (t) => {
  const { collector, spans } = await tellOf(t, undefined);
  const failed = await spanThat(
    collector,
    ({ attributes }) => attributes['http.response.status_code'] === 500,
  );
  const root = spans.find(({ spanId }) => spanId === failed.parentSpanId);
  assert.equal(root?.kind, 'server');
  assert.equal(root.isError, true);
  assert.deepEqual(childrenOf(collector, root, /^chat /), [failed]);
  const refused = spans.find(({ attributes }) => attributes['error.type'] === 'unsupported_media_type');
  assert.equal(refused?.kind, 'server');
  assert.equal(refused.isError, false, "what is the caller's fault is none of the server");
  assert.equal(spans.filter(({ kind }) => kind !== 'internal').length, 3);
});

test('a caller that has left a trace out has it left out, and gets none but the failed ones', async (t) => {
  const { spans, standIn } = await tellOf(t, false);
  assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))].includes(ids[0]), false);
  assert.ok(spans.some(({ traceId }) => traceId === ids[1]));
  for (const { headers } of standIn.requests) assert.match(String(headers['traceparent']), /-00$/);
});

test('exemplars lead to traces that are told, and to no others', async (t) => {
  for (const isSampled of [undefined, false, true]) {
    const { spans, exemplars } = await tellOf(t, isSampled);
    const told = new Set(spans.filter(({ kind }) => kind === 'server').map(({ traceId }) => traceId));
    assert.deepEqual(exemplars.difference(told), new Set(), `sampled: ${isSampled}`);
    if (isSampled === undefined) assert.ok(exemplars.size > 0);
    else assert.ok(exemplars.has(ids[1]), `the failed one, sampled: ${isSampled}`);
    assert.equal(exemplars.has(ids[0]), isSampled === true);
  }
});

test('a caller that wants a trace told has it told, whatever the ratio', async (t) => {
  const { spans, standIn } = await tellOf(t, true);
  const told = spans.filter(({ traceId, kind }) => traceId === ids[0] && kind !== 'internal');
  assert.deepEqual(told.map(({ kind }) => kind).toSorted(), ['client', 'server']);
  assert.match(String(standIn.requests[0]?.headers['traceparent']), /-01$/);
});

test('about as many traces are told as the ratio says', async (t) => {
  const { sidecar, collector } = await startTraced(t, {
    env: { ASSISTANT_PROXY_TELEMETRY_SAMPLE_RATIO: '0.5' },
  });
  for (let batch = 0; batch < 10; batch += 1) {
    const calls = Array.from({ length: 20 }, () => fetch(`${sidecar.url}/models`));
    await Promise.all((await Promise.all(calls)).map((answer) => answer.text()));
  }
  await sidecar.shutDown();
  const told = collector.spans.filter(({ kind }) => kind === 'server').length;
  // Seven standard deviations on either side of 100.
  assert.ok(told > 50 && told < 150, `${told} of 200`);
});

test('a run that fails after its request has ended is told, though the ratio leaves it out', async (t) => {
  const { sidecar, collector, client } = await startTraced(t, { env: never });
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
  const thread = await client.beta.threads.create({
    messages: [{ role: 'user', content: 'Hello [[fail:server_error]]' }],
  });
  const run = await client.beta.threads.runs.createAndPoll(
    thread.id,
    { assistant_id: assistant.id },
    { pollIntervalMs: 10 },
  );
  assert.equal(run.status, 'failed');
  await sidecar.shutDown();
  const told = await spanThat(collector, ({ name }) => name === 'invoke_agent');
  assert.deepEqual([told.isError, told.attributes['error.type']], [true, 'server_error']);
  assert.equal(childrenOf(collector, told, /^model call$/).length, 1);
  assert.ok(!collector.spans.some(({ kind }) => kind === 'server'));
});
