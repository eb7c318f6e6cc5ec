import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freeRow } from '../harness/budget-rows.ts';
import { chat, postJson } from '../harness/governed.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { startSocketUpstream, startUpstream } from '../harness/upstream.ts';

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}

const post = ({ url }: Sidecar, more: object = {}, headers: Record<string, string> = {}) =>
  postJson(`${url}/chat/completions`, chat(1, more), { headers });

const budgets = 'budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]';

test('each class of operations has its own time until the first byte', async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => socket.resume());
  for (const [title, call] of [
    ['generation', post],
    ['lookup', ({ url }: Sidecar) => fetch(`${url}/models`)],
    ['transfer', ({ url }: Sidecar) => fetch(`${url}/files/file-1/content`)],
  ] as const) {
    const sidecar = await startSidecar(t, {
      upstreamUrl: upstream.url,
      config: `retry: { maxAttempts: 1 }\ntimeouts: { ${title}: { firstByteMs: 300 } }`,
    });
    const answer = await call(sidecar);
    assert.deepEqual([answer.status, await codeOf(answer)], [504, 'upstream_timeout'], title);
  }
});

test('an answer that falls silent before its first event is no answer, and one that does later is cut', async (t) => {
  const beginnings: string[] = ['', 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'];
  let calls = 0;
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    response.write(beginnings[calls++]!);
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: `timeouts: { generation: { idleMs: 400 } }`,
  });
  const first = await post(sidecar, { stream: true });
  assert.deepEqual([first.status, first.headers.get('x-should-retry')], [504, 'false']);
  const second = await post(sidecar, { stream: true });
  assert.equal(second.status, 200);
  await assert.rejects(second.text(), /terminated/);
  assert.equal(calls, 2);
});

test('a call that may only take so long is cut in the middle of its answer, and charged what was seen', async (t) => {
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const dripping = setInterval(
      () => response.write('data: {"choices":[{"delta":{"content":" word"}}]}\n\n'),
      20,
    );
    response.on('close', () => clearInterval(dripping));
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: `${budgets}\ntimeouts: { generation: { wholeMs: 1000 } }`,
  });
  const answer = await post(sidecar, { stream: true });
  assert.equal(answer.status, 200);
  await assert.rejects(answer.text(), /terminated/);
  const { used } = await freeRow(sidecar, { name: 'day' });
  assert.ok(used > 0 && used < 200, `${used}`);
  const line = sidecar.logLines().find(({ msg }) => msg === 'request');
  assert.equal(line?.['ending'], 'cut');
});

test('an SDK that waits for a second is answered before it gives up, and told not to try again', async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => socket.resume());
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: budgets });
  const startedAtMs = performance.now();
  const answer = await post(sidecar, {}, { 'x-stainless-timeout': '1' });
  assert.ok(performance.now() - startedAtMs >= 900);
  assert.deepEqual([answer.status, answer.headers.get('x-should-retry')], [504, 'false']);
  // It may have run.
  assert.ok((await freeRow(sidecar, { name: 'day' })).used > 0);
});

test('the pauses between attempts are part of the time that a caller gives', async (t) => {
  let calls = 0;
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    calls += 1;
    response.writeHead(429, { 'retry-after': '2', 'content-type': 'application/json' }).end('{}');
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const answer = await post(sidecar, {}, { 'x-stainless-timeout': '1' });
  assert.deepEqual([answer.status, calls, answer.headers.get('retry-after')], [429, 1, '2']);
});
