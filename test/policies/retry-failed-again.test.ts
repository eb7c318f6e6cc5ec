import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';

import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';
import { withStandIn } from '../stand-in/with-stand-in.ts';

async function startBoth(t: TestContext, config: string) {
  const { standIn } = await withStandIn(t, { apiKey: upstreamKey });
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url, config });
  return { standIn, sidecar };
}

test('a call whose second attempt fails with an answer, too, is served by the third', async (t) => {
  const { standIn, sidecar } = await startBoth(t, 'retry: { baseMs: 1 }');
  standIn.fail({ kind: 'status', code: 'server_error', times: 2 });
  const answer = await fetch(`${sidecar.url}/models`);
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(standIn.requests.length, 3);
});

test('a call that fails with each attempt gets what the upstream said last', async (t) => {
  const { standIn, sidecar } = await startBoth(t, 'retry: { baseMs: 1 }');
  standIn.fail({ kind: 'status', code: 'server_error', times: 2 });
  standIn.fail({ kind: 'status', code: 'server_is_overloaded' });
  const answer = await fetch(`${sidecar.url}/models`);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('x-should-retry'), 'false');
  assert.match(await answer.text(), /"code":"server_is_overloaded"/);
});

test('a call between whose attempts the circuit opens gets what the upstream said', async (t) => {
  const { standIn, sidecar } = await startBoth(t, 'retry: { baseMs: 1 }\ncircuit: { minCalls: 1 }');
  standIn.fail({ kind: 'status', code: 'server_error' });
  const answer = await fetch(`${sidecar.url}/models`);
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /"code":"server_error"/);
  assert.equal(standIn.requests.length, 1);
});

test('a call that failed gives its place to the upstream back before it is sent again', async (t) => {
  const { standIn, sidecar } = await startBoth(
    t,
    'retry: { baseMs: 1 }\noverload: { maxConcurrent: 1, queueUpToMs: 500 }',
  );
  standIn.fail({ kind: 'status', code: 'server_error' });
  const answer = await fetch(`${sidecar.url}/models`);
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(standIn.requests.length, 2);
});

test('a stream that tells an error at once gives its place back, too', async (t) => {
  const { standIn, sidecar } = await startBoth(
    t,
    'retry: { baseMs: 1 }\noverload: { maxConcurrent: 1, queueUpToMs: 500 }',
  );
  standIn.fail({ kind: 'errorEvent', events: 0 });
  const answer = await fetch(`${sidecar.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }], stream: true }),
  });
  assert.match(await answer.text(), /data: \[DONE\]\n\n$/);
  assert.equal(standIn.requests.length, 2);
});

/** Its first answer is as the test says, and all others are well. */
async function startFailingOnce(t: TestContext, first: (response: ServerResponse) => unknown) {
  let calls = 0;
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    calls += 1;
    return calls === 1 ? first(response) : answerJson(response, { data: [] });
  });
  const config = 'retry: { baseMs: 1 }\noverload: { maxConcurrent: 1, queueUpToMs: 5000 }';
  return startSidecar(t, { upstreamUrl: upstream.url, config });
}

const json = { 'content-type': 'application/json' };

for (const [title, first] of [
  ['never comes', (response: ServerResponse) => response.writeHead(500, json).flushHeaders()],
  ['never ends', (response: ServerResponse) => void response.writeHead(500, json).write('{"error":')],
  [
    'pours',
    (response: ServerResponse) => {
      response.writeHead(500, json);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
      };
      response.on('drain', pour);
      pour();
    },
  ],
] as const) {
  test(`an error whose body ${title} is told by its status, and let go of`, async (t) => {
    const sidecar = await startFailingOnce(t, first);
    assert.equal((await fetch(`${sidecar.url}/models`)).status, 200);
    await until(async () => (await metricSum(sidecar, 'assistant_proxy_upstream_calls_running')) === 0);
    assert.equal((await fetch(`${sidecar.url}/models`)).status, 200);
  });
}

test('an attempt that failed is let go of also when the next one ends in something else', async (t) => {
  let calls = 0;
  const upstream = await startUpstream(t, (_, response) => {
    calls += 1;
    if (calls === 1) response.writeHead(500, json).write('{');
    else response.writeHead(302, { location: 'http://elsewhere' }).end();
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: 'retry: { baseMs: 1 }' });
  assert.equal((await fetch(`${sidecar.url}/models`)).status, 502);
  await until(async () => (await metricSum(sidecar, 'assistant_proxy_upstream_calls_running')) === 0);
});
