import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';

import { chat, postJson } from '../harness/governed.ts';
import { until } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

type Behave = (response: ServerResponse) => unknown;

const well: Behave = (response) => answerJson(response, { id: 'c', choices: [] });
const failing: Behave = (response) => answerJson(response, { error: { message: 'x' } }, 500);

/** Before an upstream whose behaviour the test may change. */
async function startBefore(t: TestContext, behave: Behave, config: string) {
  const seen = { calls: 0, behave };
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    seen.calls += 1;
    return seen.behave(response);
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: `retry: { maxAttempts: 1 }\n${config}`,
  });
  return { sidecar, seen };
}

const post = ({ url }: Sidecar, more: object = {}) => postJson(`${url}/chat/completions`, chat(1, more));

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}

test('an upstream that fails is left alone for a while; then one call finds out that it is well', async (t) => {
  const { sidecar, seen } = await startBefore(t, failing, 'circuit: { minCalls: 5, openMs: 1000 }');
  for (let call = 0; call < 5; call += 1) assert.equal((await post(sidecar)).status, 500);
  const refused = await post(sidecar);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.equal(refused.headers.get('x-should-retry'), null);
  assert.equal(await codeOf(refused), 'circuit_open');
  assert.equal(seen.calls, 5);
  assert.equal((await fetch(`${sidecar.adminUrl}/readyz`)).status, 200, 'a restart would not help');
  assert.match(await sidecar.metrics(), /assistant_proxy_circuit_state{upstream="primary"} 2/);

  seen.behave = well;
  await until(async () => (await post(sidecar)).status === 200);
  assert.equal(seen.calls, 6, 'the first probe closed it');
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(sidecar)));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.match(await sidecar.metrics(), /assistant_proxy_circuit_openings_total{upstream="primary"} 1/);
  assert.deepEqual(
    sidecar
      .logLines()
      .filter(({ msg }) => msg === 'circuit')
      .map(({ circuit }) => circuit),
    ['open', 'halfOpen', 'closed'],
  );
});

test('limits, and what is the fault of callers, say nothing of the upstream', async (t) => {
  const statuses = [400, 401, 404, 429, 409];
  let next = 0;
  const refusing: Behave = (response) =>
    answerJson(response, { error: { message: 'x' } }, statuses[next++ % statuses.length]);
  const { sidecar, seen } = await startBefore(t, refusing, 'circuit: { minCalls: 2 }');
  for (let call = 0; call < 10; call += 1) await post(sidecar);
  assert.equal(seen.calls, 10);
});

test('streams that are slow to begin open it while they still wait, and generations only if told so', async (t) => {
  const open: ServerResponse[] = [];
  const silent: Behave = (response) => void open.push(response);
  const config = 'circuit: { minCalls: 3, slowMs: 200, openMs: 60000 }';
  const { sidecar, seen } = await startBefore(t, silent, config);
  const generations = [1, 2, 3, 4].map(() => post(sidecar));
  await until(async () => seen.calls === 4);
  const streams = [1, 2, 3].map(() => post(sidecar, { stream: true }));
  await until(async () => (await sidecar.metrics()).includes('circuit_state{upstream="primary"} 2'));
  assert.equal(await codeOf(await post(sidecar)), 'circuit_open');
  // Those that wait are not cut: they may be answered yet.
  for (const response of open) well(response);
  const answers = await Promise.all([...generations, ...streams]);
  assert.ok(answers.every(({ status }) => status === 200));
});

test('callers that leave, or whose time is over, say nothing: others may have more patience', async (t) => {
  const open: ServerResponse[] = [];
  const silent: Behave = (response) => void open.push(response);
  const { sidecar, seen } = await startBefore(t, silent, 'circuit: { minCalls: 3, openMs: 60000 }');
  for (let call = 0; call < 5; call += 1) {
    const caller = new AbortController();
    const left = postJson(`${sidecar.url}/chat/completions`, chat(1), { signal: caller.signal });
    await until(async () => seen.calls === call + 1);
    caller.abort();
    await assert.rejects(left);
  }
  const late = await Promise.all(
    [1, 2, 3, 4].map(() =>
      postJson(`${sidecar.url}/chat/completions`, chat(1), { headers: { 'x-stainless-timeout': '1' } }),
    ),
  );
  assert.deepEqual(
    late.map(({ status }) => status),
    [504, 504, 504, 504],
  );
  seen.behave = well;
  assert.equal((await post(sidecar)).status, 200);
});

test('streams that tell an error of the server first are failures, and one bad call counts once', async (t) => {
  const telling: Behave = (response) =>
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end('data: {"error":{"type":"server_error","code":null,"message":"x"}}\n\n');
  const { sidecar, seen } = await startBefore(t, telling, 'circuit: { minCalls: 4, openMs: 60000 }');
  for (let call = 0; call < 3; call += 1) await (await post(sidecar, { stream: true })).text();
  seen.behave = well;
  assert.equal((await post(sidecar)).status, 200);
  seen.behave = telling;
  await (await post(sidecar, { stream: true })).text();
  assert.equal(await codeOf(await post(sidecar)), 'circuit_open');
});

test('an error that breaks off in its body is one bad call, not two', async (t) => {
  const breaking: Behave = (response) => {
    response
      .writeHead(500, { 'content-type': 'application/json', 'content-length': '100' })
      .write('{"error":');
    setTimeout(() => response.destroy(), 20);
  };
  const { sidecar, seen } = await startBefore(t, well, 'circuit: { minCalls: 4 }');
  for (let call = 0; call < 3; call += 1) assert.equal((await post(sidecar)).status, 200);
  seen.behave = breaking;
  await (await post(sidecar)).text().catch(() => {});
  seen.behave = well;
  assert.equal((await post(sidecar)).status, 200);
});
