import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';

import { APIConnectionError, InternalServerError, RateLimitError } from 'openai';

import { readFaultHeader } from './faults.ts';
import type { StandIn } from './stand-in.ts';
import { withStandIn } from './with-stand-in.ts';

const CHAT = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };

function post(standIn: StandIn, body: object = CHAT, init: RequestInit = {}): Promise<Response> {
  return fetch(`${standIn.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...init,
    headers: {
      authorization: `Bearer ${standIn.apiKey}`,
      'content-type': 'application/json',
      ...Object.fromEntries(new Headers(init.headers)),
    },
  });
}

/** What a raw socket gets back until the server closes, or for as long as told. */
function raw(standIn: StandIn, forMs = 2000): Promise<{ text: string; ended: 'end' | 'reset' | 'never' }> {
  const body = JSON.stringify(CHAT);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(standIn.port, '127.0.0.1');
    const finish = (ended: 'end' | 'reset' | 'never') => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text: Buffer.concat(chunks).toString(), ended });
    };
    const timer = setTimeout(() => finish('never'), forMs);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => finish('end'));
    socket.on('error', () => finish('reset'));
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${standIn.apiKey}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
}

test('a status fault answers with OpenAI’s body, and the next request is served', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'status', code: 'server_is_overloaded' });
  const failed = await post(standIn);
  assert.equal(failed.status, 503);
  assert.deepEqual(await failed.json(), {
    error: {
      message: 'The server is overloaded or not ready yet.',
      type: 'server_error',
      param: null,
      code: 'server_is_overloaded',
    },
  });
  assert.equal((await post(standIn)).status, 200);
});

test('a 429 carries the headers that it is asked for', async (t) => {
  const { standIn } = await withStandIn(t, { now: () => Date.UTC(2026, 10, 21) });
  const ask = async (members: object) => {
    standIn.fail({ kind: 'status', code: 'rate_limit_exceeded', ...members });
    const answer = await post(standIn);
    assert.equal(answer.status, 429);
    await answer.text();
    return answer.headers;
  };
  assert.equal((await ask({ retryAfterSeconds: 2 })).get('retry-after'), '2');
  assert.equal((await ask({ retryAfterMs: 30 })).get('retry-after-ms'), '30');
  assert.equal(
    (await ask({ retryAfterDateSeconds: 60 })).get('retry-after'),
    'Sat, 21 Nov 2026 00:01:00 GMT',
  );
  assert.equal((await ask({ shouldRetry: false })).get('x-should-retry'), 'false');
  const reset = await ask({ resetRequests: '1s', resetTokens: '6m0s' });
  assert.equal(reset.get('x-ratelimit-reset-requests'), '1s');
  assert.equal(reset.get('x-ratelimit-remaining-requests'), '0');
  assert.equal(reset.get('x-ratelimit-reset-tokens'), '6m0s');
  assert.equal(reset.get('x-ratelimit-remaining-tokens'), '0');
});

test('insufficient_quota has a type of its own', async (t) => {
  const { standIn, client } = await withStandIn(t);
  standIn.fail({ kind: 'status', code: 'insufficient_quota' });
  await assert.rejects(
    client.models.list(),
    (error) =>
      error instanceof RateLimitError &&
      error.type === 'insufficient_quota' &&
      error.code === 'insufficient_quota',
  );
});

test('a fault applies to as many matching requests as told, and to no other', async (t) => {
  const { standIn, client } = await withStandIn(t);
  standIn.fail({ kind: 'status', status: 500, times: 2, operationPath: /embeddings/ });
  await client.models.list();
  const embed = () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'a' });
  await assert.rejects(embed(), InternalServerError);
  await assert.rejects(embed(), InternalServerError);
  assert.equal((await embed()).data.length, 1);
});

test('a request can ask for its own fault by header', async (t) => {
  const { standIn } = await withStandIn(t);
  const headers = { 'x-stand-in-fault': 'status code=slow_down retryAfterMs=5 times=1 key=a' };
  const first = await post(standIn, CHAT, { headers });
  assert.equal(first.status, 429);
  assert.equal(first.headers.get('retry-after-ms'), '5');
  assert.equal((await post(standIn, CHAT, { headers })).status, 200, 'counted by the value of the header');
  const json = { 'x-stand-in-fault': '{"kind":"status","status":500}' };
  assert.equal((await post(standIn, CHAT, { headers: json })).status, 500);
  assert.equal(
    (await post(standIn, CHAT, { headers: json })).status,
    500,
    'without `times` each of them fails',
  );
});

test('the short form of the header reads numbers, booleans and text', () => {
  assert.deepEqual(readFaultHeader('status status=429 resetTokens=6m0s shouldRetry=false'), {
    kind: 'status',
    status: 429,
    resetTokens: '6m0s',
    shouldRetry: false,
  });
});

test('a reset comes before any byte, whether the operation ran or not', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'reset' });
  assert.deepEqual(await raw(standIn), { text: '', ended: 'reset' });
  assert.equal(standIn.requests[0]?.usage, undefined);
  standIn.fail({ kind: 'reset', ran: true });
  assert.deepEqual(await raw(standIn), { text: '', ended: 'reset' });
  assert.ok((standIn.requests[1]?.usage?.outputTokens ?? 0) > 0, 'it was billed');
});

test('a stream whose answer is lost, all of it or its rest, has run to its end', async (t) => {
  const { standIn, client } = await withStandIn(t);
  const create = () =>
    client.responses.create({ model: 'gpt-4o', input: 'Hello [[words:40]]', stream: true });
  for await (const _ of await create());
  standIn.fail({ kind: 'reset', ran: true });
  await assert.rejects(create());
  standIn.fail({ kind: 'resetAfter', bytes: 1500, ran: true });
  const ids: string[] = [];
  await assert.rejects(async () => {
    for await (const event of await create()) if ('response' in event) ids.push(event.response.id);
  });
  const [whole, ...lost] = standIn.requests.map(({ usage }) => usage?.outputTokens);
  assert.ok((whole ?? 0) >= 40);
  assert.deepEqual(lost, [whole, whole]);
  assert.equal((await client.responses.retrieve(ids[0] ?? '')).status, 'completed');
});

test('a reset after some bytes of a stream delivers those bytes', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'resetAfter', bytes: 700 });
  const answer = await post(standIn, { ...CHAT, stream: true });
  let received = 0;
  await assert.rejects(async () => {
    for await (const chunk of answer.body ?? []) received += chunk.length;
  });
  assert.equal(received, 700);
});

test('a reset after some bytes of a JSON body announces the whole length', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'resetAfter', bytes: 10 });
  const answer = await post(standIn);
  assert.ok(Number(answer.headers.get('content-length')) > 10);
  await assert.rejects(answer.text());
});

test('silence answers nothing, and the client’s closing is seen as an abort', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'silence' });
  assert.deepEqual(await raw(standIn, 100), { text: '', ended: 'never' });
  await waitFor(() => standIn.requests[0]?.closedAtMs !== undefined);
  assert.equal(standIn.requests[0]?.aborted, true);
});

test('headers can come before silence', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'headersThenSilence' });
  const { text, ended } = await raw(standIn, 100);
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*content-type: application\/json[\s\S]*\r\n\r\n$/);
  assert.equal(ended, 'never');
});

test('silence can come in the middle of an answer', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'silenceAfter', bytes: 20 });
  const { text, ended } = await raw(standIn, 100);
  assert.equal(text.split('\r\n\r\n')[1]?.length, 20);
  assert.equal(ended, 'never');
});

test('a drip sends the whole answer, slowly', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'drip', delayMs: 5, bytes: 50 });
  const startedAt = performance.now();
  const answer = await post(standIn);
  const text = await answer.text();
  assert.equal(JSON.parse(text).object, 'chat.completion');
  assert.ok(performance.now() - startedAt >= Math.floor(text.length / 50) * 4);
});

test('a content-length can announce too much or too little', async (t) => {
  const { standIn } = await withStandIn(t);
  for (const offset of [7, -7]) {
    standIn.fail({ kind: 'contentLength', offset });
    const { text, ended } = await raw(standIn);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    assert.equal(Number(/content-length: (\d+)/.exec(head)?.[1]), Buffer.byteLength(body) + offset);
    assert.equal(JSON.parse(body).object, 'chat.completion');
    assert.equal(ended, 'end');
  }
});

test('a truncated answer ends cleanly in the middle of its JSON', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'truncate' });
  const answer = await post(standIn);
  const text = await answer.text();
  assert.ok(text.length > 50);
  assert.throws(() => JSON.parse(text), SyntaxError);
});

test('garbage is not HTTP', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'garbage' });
  const { text } = await raw(standIn);
  assert.ok(text.length > 0 && !text.startsWith('HTTP/'));
});

test('a redirect names another host', async (t) => {
  const { standIn } = await withStandIn(t);
  standIn.fail({ kind: 'redirect', location: 'http://127.0.0.2:9/elsewhere' });
  const answer = await post(standIn, CHAT, { redirect: 'manual' });
  assert.equal(answer.status, 307);
  assert.equal(answer.headers.get('location'), 'http://127.0.0.2:9/elsewhere');
});

test('a stream can report an error after it began well', async (t) => {
  const { standIn, client } = await withStandIn(t);
  standIn.fail({ kind: 'errorEvent', events: 2, message: 'It broke.', times: 2 });
  const chat = await client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
  });
  let chunks = 0;
  await assert.rejects(async () => {
    for await (const _ of chat) chunks++;
  }, /It broke/);
  assert.equal(chunks, 2);

  const types: string[] = [];
  await assert.rejects(async () => {
    const stream = await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream: true });
    for await (const event of stream) types.push(event.type);
  }, /It broke/);
  assert.deepEqual(types, ['response.created', 'response.in_progress']);
});

test('a stream can report an error instead of beginning, and is not billed then', async (t) => {
  const { standIn, client } = await withStandIn(t);
  const bodies = [
    [
      '/chat/completions',
      { ...CHAT, stream: true },
      /^data: \{"error":\{[^\n]*"message":"It broke\."[^\n]*\n\n$/,
    ],
    [
      '/responses',
      { model: 'gpt-4o', input: 'Hello', stream: true },
      /^event: error\ndata: \{"type":"error","code":"server_error","message":"It broke\."[^\n]*"sequence_number":0\}\n\n$/,
    ],
  ] as const;
  for (const [path, body, expected] of bodies) {
    standIn.fail({ kind: 'errorEvent', events: 0, message: 'It broke.' });
    const answer = await client.post(path, { body, __binaryResponse: true }).asResponse();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.match(await answer.text(), expected);
    const seen = standIn.requests.at(-1);
    await waitFor(() => seen?.closedAtMs !== undefined);
    assert.deepEqual([seen?.fault, seen?.usage], ['errorEvent', undefined]);
  }
});

test('refusing closes the port, accepting opens the same one', async (t) => {
  const { standIn, client } = await withStandIn(t);
  await client.models.list();
  await standIn.refuse();
  await assert.rejects(client.models.list(), APIConnectionError);
  await standIn.accept();
  assert.ok((await client.models.list()).data.length > 0);
});

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(condition());
}
