import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { chat, postJson } from '../harness/governed.ts';
import { type RunningProcess, spawnSidecar } from '../harness/processes.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/**
 * What a process has loaded of OpenTelemetry when it has answered a call, aside of the API's stubs: prom-client looks
 * there for trace ids.
 */
async function servedBy(t: TestContext, env: Record<string, string>) {
  const folder = temporaryDirectory(t);
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const loaded = join(folder, 'loaded');
  const sidecar: RunningProcess = await spawnSidecar(t, standIn.url, {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, 'loaded-modules.ts')}`,
    LOADED_MODULES: loaded,
    ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, 'state'),
    ...env,
  });
  const answer = await postJson(`${sidecar.url}/chat/completions`, chat(5));
  assert.equal(answer.status, 200);
  const urls = existsSync(loaded) ? readFileSync(loaded, 'utf8').trim().split('\n') : [];
  return urls.filter((url) => !url.includes('/@opentelemetry/api/'));
}

test('without a collector nothing of OpenTelemetry is loaded but the stubs that prom-client brings', async (t) => {
  assert.deepEqual(await servedBy(t, {}), []);
});

test('with a collector it is', async (t) => {
  const modules = await servedBy(t, { ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  assert.ok(modules.some((url) => url.includes('@opentelemetry/sdk-trace')));
});

test("without a collector the caller's trace goes on to the upstream as it is", async (t) => {
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url });
  const headers = { traceparent, tracestate: 'vendor=opaque' };
  await (await postJson(`${sidecar.url}/chat/completions`, chat(5), { headers })).text();
  const [seen] = standIn.requests;
  assert.equal(seen?.headers['traceparent'], traceparent);
  assert.equal(seen.headers['tracestate'], 'vendor=opaque');
});

test('without a collector the model calls of a run are parts of the trace of who created it', async (t) => {
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url });
  const assistant = await postJson(`${sidecar.url}/assistants`, { model: 'gpt-4o' });
  const { id } = (await assistant.json()) as { id: string };
  const run = { assistant_id: id, stream: true, thread: { messages: [{ role: 'user', content: 'Hello' }] } };
  await (await postJson(`${sidecar.url}/threads/runs`, run, { headers: { traceparent } })).text();
  const call = standIn.requests.find(({ path }) => path === '/v1/responses');
  assert.equal(call?.headers['traceparent'], traceparent);
});

test('redaction leaves the number of a trace alone, though it looks like one of an account', async (t) => {
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    env: { ASSISTANT_PROXY_REDACTION_MODE: 'mask' },
  });
  const cardLike = '00-41111111111111110000000000000001-4111111111111111-01';
  const headers = { traceparent: cardLike, tracestate: 'vendor=mail@example.com' };
  await (await postJson(`${sidecar.url}/chat/completions`, chat(5), { headers })).text();
  const [seen] = standIn.requests;
  assert.equal(seen?.headers['traceparent'], cardLike);
  assert.equal(seen.headers['tracestate'], undefined);
});
