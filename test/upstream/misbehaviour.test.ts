import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { type RawAnswer, openSocket, sendRaw } from '../harness/raw.ts';
import { sentOnce } from '../harness/sent-once.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { startSocketUpstream } from '../harness/upstream.ts';

type Behaviour = (socket: Socket) => void;

/** A sidecar before an upstream that behaves so on each of its connections, once a request has come. */
async function startWith(test: TestContext, behave: Behaviour): Promise<Sidecar> {
  const upstream = await startSocketUpstream(test, (socket) => {
    socket.on('data', () => behave(socket));
  });
  return startSidecar(test, { upstreamUrl: upstream.url, env: sentOnce });
}

function call({ port }: Sidecar, method = 'GET', settleMs?: number): Promise<RawAnswer> {
  return sendRaw(port, `${method} /v1/models HTTP/1.1\r\nhost: x\r\n\r\n`, settleMs);
}

async function assertIdle(sidecar: Sidecar): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if (/^assistant_proxy_requests_in_flight 0$/m.test(await sidecar.metrics())) return;
    await sleep(20);
  }
  assert.fail('a request is still in flight');
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const write =
  (bytes: string): Behaviour =>
  (socket) =>
    void socket.write(bytes, 'latin1');
const writeThenEnd =
  (bytes: string): Behaviour =>
  (socket) =>
    void socket.end(bytes, 'latin1');
const writeThenReset =
  (bytes: string): Behaviour =>
  (socket) =>
    void socket.write(bytes, 'latin1', () => setTimeout(() => socket.resetAndDestroy(), 30));

const unanswerable: readonly (readonly [name: string, behave: Behaviour])[] = [
  ['garbage instead of HTTP', write('\x16\x03\x01 what?\r\n\r\n')],
  ['another protocol', write('SSH-2.0-OpenSSH_9.6\r\n')],
  ['a connection closed before the answer', (socket) => socket.end()],
  ['a reset before the answer', (socket) => void socket.resetAndDestroy()],
  ['a close inside the headers', writeThenEnd(`${ok}x-half: `)],
  ['a reset inside the headers', writeThenReset(`${ok}x-half: `)],
  ['headers over 16 KiB', write(`${ok}x-long: ${'x'.repeat(17_000)}\r\ncontent-length: 2\r\n\r\n{}`)],
  ['a status that is no number', write('HTTP/1.1 2xx OK\r\ncontent-length: 0\r\n\r\n')],
  ['a status of two digits', write('HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n')],
  ['a status below 100', write('HTTP/1.1 099 OK\r\ncontent-length: 0\r\n\r\n')],
  ['a header without a colon', write(`${ok}what\r\ncontent-length: 2\r\n\r\n{}`)],
  ['a header name with a space', write(`${ok}x y: z\r\ncontent-length: 2\r\n\r\n{}`)],
  ['a null byte in a header', write(`${ok}x: a\0b\r\ncontent-length: 2\r\n\r\n{}`)],
  [
    'content-length beside transfer-encoding',
    write(`${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
  ],
  ['two different content-lengths', write(`${ok}content-length: 2\r\ncontent-length: 3\r\n\r\n{} `)],
  ['a content-length that is no number', write(`${ok}content-length: two\r\n\r\n{}`)],
  [
    'a switch of protocols that nobody asked for',
    write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n'),
  ],
  ['an interim answer and nothing more', writeThenEnd('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')],
];

for (const [name, behave] of unanswerable) {
  test(`${name} is answered 502`, async (t) => {
    const sidecar = await startWith(t, behave);
    const answer = await call(sidecar);
    assert.equal(answer.status, 502, answer.text);
    const { error } = JSON.parse(answer.body) as { error: Record<string, unknown> };
    assert.deepEqual([error['code'], error['type']], ['upstream_unreachable', 'api_error']);
    assert.doesNotMatch(answer.body, /SSH|what|127\.0\.0\.1/);
    await assertIdle(sidecar);
  });
}

const chunk = '2\r\n{}\r\n';
const cut: readonly (readonly [name: string, behave: Behaviour])[] = [
  ['a body shorter than its content-length', writeThenEnd(`${ok}content-length: 100\r\n\r\n{}`)],
  ['a reset inside a body of known length', writeThenReset(`${ok}content-length: 100\r\n\r\n{}`)],
  ['a close between chunks', writeThenEnd(`${ok}transfer-encoding: chunked\r\n\r\n${chunk}`)],
  ['a reset between chunks', writeThenReset(`${ok}transfer-encoding: chunked\r\n\r\n${chunk}`)],
  ['a close inside a chunk', writeThenEnd(`${ok}transfer-encoding: chunked\r\n\r\n${chunk}ff\r\n{`)],
  ['a chunk size that is no number', write(`${ok}transfer-encoding: chunked\r\n\r\n${chunk}zz\r\n{}\r\n`)],
  [
    'a last chunk without its empty line',
    writeThenEnd(`${ok}transfer-encoding: chunked\r\n\r\n${chunk}0\r\n`),
  ],
  [
    'a close inside an answer that was to be the last of its connection',
    writeThenEnd(`${ok}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`),
  ],
  [
    'a reset inside an answer that was to be the last of its connection',
    writeThenReset(`${ok}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`),
  ],
];

for (const [name, behave] of cut) {
  test(`${name} reaches the caller as a cut`, async (t) => {
    const sidecar = await startWith(t, behave);
    const answer = await fetch(`${sidecar.url}/files/file_1/content`);
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text(), /terminated/);
    await assertIdle(sidecar);
    assert.match(await sidecar.metrics(), /ending="cut",team="",app=""} 1$/m);
  });

  test(`${name} reaches a caller that speaks HTTP/1.0 as a reset`, async (t) => {
    const sidecar = await startWith(t, behave);
    const answer = await sendRaw(sidecar.port, 'GET /v1/files/file_1/content HTTP/1.0\r\n\r\n', 1000);
    assert.equal(answer.connection, 'reset', answer.text);
  });
}

const whole: readonly (readonly [name: string, behave: Behaviour, text: string])[] = [
  ['a body that ends with its connection', writeThenEnd(`${ok}\r\n{"a":1}`), '{"a":1}'],
  ['an answer of HTTP/1.0', writeThenEnd('HTTP/1.0 200 OK\r\n\r\n{"a":1}'), '{"a":1}'],
  [
    'chunks with extensions and trailers',
    write(`${ok}transfer-encoding: chunked\r\n\r\n2;a="b"\r\n{}\r\n0;c\r\nx-sum: 1\r\n\r\n`),
    '{}',
  ],
  ['chunks of one byte', write(`${ok}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`), '{}'],
  ['a body longer than its content-length', write(`${ok}content-length: 2\r\n\r\n{}SMUGGLED`), '{}'],
  [
    'a second answer behind the first',
    write(`${ok}content-length: 2\r\n\r\n{}${ok}content-length: 8\r\n\r\nSMUGGLED`),
    '{}',
  ],
  [
    'interim answers before the final one',
    write(
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}content-length: 2\r\n\r\n{}`,
    ),
    '{}',
  ],
  ['the same content-length as a list of one', write(`${ok}content-length:  2 \r\n\r\n{}`), '{}'],
  ['a header in UTF-8', write(`${ok}x-name: \xe2\x82\xac\r\ncontent-length: 2\r\n\r\n{}`), '{}'],
  [
    'a header called __proto__',
    write(`${ok}__proto__: x\r\n__proto__: y\r\ntoString: x\r\ncontent-length: 2\r\n\r\n{}`),
    '{}',
  ],
  ['no reason phrase', write('HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}'), '{}'],
];

for (const [name, behave, text] of whole) {
  test(`${name} reaches the caller whole, and nothing beside it`, async (t) => {
    const sidecar = await startWith(t, behave);
    for (let round = 0; round < 3; round += 1) {
      const answer = await fetch(`${sidecar.url}/files/file_1/content`);
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), text);
      // What came behind an answer is noticed before the connection is used again.
      await sleep(20);
    }
    await assertIdle(sidecar);
  });
}

test('status codes that nobody registered reach the caller', async (t) => {
  for (const status of [299, 418, 499, 529, 599, 999]) {
    const sidecar = await startWith(t, write(`HTTP/1.1 ${status} Odd\r\ncontent-length: 2\r\n\r\n{}`));
    const answer = await call(sidecar);
    assert.equal(answer.status, status);
    assert.equal(answer.body, '{}');
  }
});

test('answers to HEAD, 204 and 304 have no body, whatever length they tell', async (t) => {
  for (const [method, status] of [
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
    ['DELETE', 204],
  ] as const) {
    const sidecar = await startWith(
      t,
      write(`HTTP/1.1 ${status} X\r\ncontent-length: 7\r\netag: "a"\r\n\r\n`),
    );
    const answer = await call(sidecar, method);
    assert.equal(answer.status, status);
    assert.equal(answer.body, '');
    assert.equal(answer.connection, 'kept');
    await assertIdle(sidecar);
  }
});

test('an answer before the upload is finished reaches a caller that is still sending', async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => {
    socket.once('data', () => {
      socket.write(
        'HTTP/1.1 413 Payload Too Large\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{"too":"big"}',
      );
    });
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const socket = await openSocket(sidecar.port);
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
  socket.write(
    'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 100000000\r\n\r\n',
  );
  const sending = setInterval(() => socket.write(Buffer.alloc(65_536)), 5);
  await once(socket, 'close');
  clearInterval(sending);
  assert.match(text, /^HTTP\/1\.1 413 /);
  assert.match(text, /\{"too":"big"\}$/);
  await assertIdle(sidecar);
});

test('a caller that sends its whole upload before it reads still gets the early answer', async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 413 Payload Too Large\r\ncontent-length: 13\r\n\r\n{"too":"big"}'),
    );
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const answer = await fetch(`${sidecar.url}/new/thing`, {
    method: 'POST',
    body: Buffer.alloc(8 * 1024 * 1024),
  });
  assert.equal(answer.status, 413);
  assert.equal(await answer.text(), '{"too":"big"}');
  await assertIdle(sidecar);
});
