import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { openSocket, sendRaw } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startSocketUpstream, startUpstream } from '../harness/upstream.ts';

async function errorOf(answer: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  return { status: answer.status, ...error };
}

/** A port that is listened on, with a full queue that nobody takes connections from. */
async function startDeafListener(test: TestContext): Promise<number> {
  const worker = new Worker(
    `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       require('node:worker_threads').parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = [await openSocket(port), await openSocket(port)];
  test.after(async () => {
    for (const filler of fillers) filler.on('error', () => {}).destroy();
    await worker.terminate();
  });
  return port;
}

test('an upstream that does not take the connection in time is unreachable', async (t) => {
  const port = await startDeafListener(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: `http://127.0.0.1:${port}/v1`,
    env: { ASSISTANT_PROXY_UPSTREAM_CONNECT_TIMEOUT_MS: '500' },
  });
  const startedAtMs = performance.now();
  const { status, code, message } = await errorOf(await fetch(`${sidecar.url}/models`));
  assert.deepEqual([status, code], [502, 'upstream_unreachable']);
  assert.match(message, /did not accept the connection in time/);
  assert.ok(performance.now() - startedAtMs < 5000);
});

test('an upstream that refuses the connection is unreachable', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const sidecar = await startSidecar(t, { upstreamUrl: `http://127.0.0.1:${port}/v1` });
  const { status, code, message } = await errorOf(await fetch(`${sidecar.url}/models`));
  assert.deepEqual([status, code], [502, 'upstream_unreachable']);
  assert.match(message, /refused the connection/);
  assert.doesNotMatch(message, /127\.0\.0\.1/);
});

test('an upstream whose name nobody knows is unreachable', async (t) => {
  const sidecar = await startSidecar(t, { upstreamUrl: 'http://nobody.invalid/v1' });
  const { status, code, message } = await errorOf(await fetch(`${sidecar.url}/models`));
  assert.deepEqual([status, code], [502, 'upstream_unreachable']);
  assert.match(message, /host name (?:is not known|could not be looked up)/);
});

test('an upstream that accepts and stays silent ends in 504, for JSON and for uploads', async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => socket.resume());
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_HEADERS_TIMEOUT_MS: '500' },
  });
  const json = { 'content-type': 'application/json' };
  const answers = await Promise.all([
    fetch(`${sidecar.url}/models`),
    fetch(`${sidecar.url}/responses`, { method: 'POST', headers: json, body: '{}' }),
    fetch(`${sidecar.url}/new/thing`, { method: 'POST', body: 'text' }),
  ]);
  for (const answer of answers) {
    const { status, code } = await errorOf(answer);
    assert.deepEqual([status, code], [504, 'upstream_timeout']);
  }
});

test('an upload that the upstream stops reading ends in 504', async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => socket.pause());
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_HEADERS_TIMEOUT_MS: '1000' },
  });
  const body = Buffer.alloc(32 * 1024 * 1024);
  const head = `POST /v1/new/thing HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`;
  const answer = await sendRaw(sidecar.port, Buffer.concat([Buffer.from(head), body]), 4000);
  assert.equal(answer.status, 504);
  assert.match(answer.body, /"code":"upstream_timeout"/);
});

test('a body that falls silent is cut, and the caller sees that it is not the end', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_BODY_IDLE_TIMEOUT_MS: '500' },
  });
  const answer = await fetch(`${sidecar.url}/responses/resp_1?stream=true`);
  assert.equal(answer.status, 200);
  await assert.rejects(answer.text(), /terminated/);
});

test('a body that keeps dripping is not cut, however long it takes in all', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let sent = 0;
    const drip = setInterval(() => {
      response.write(`data: ${(sent += 1)}\n\n`);
      if (sent < 10) return;
      clearInterval(drip);
      response.end();
    }, 300);
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_BODY_IDLE_TIMEOUT_MS: '1500' },
  });
  const answer = await fetch(`${sidecar.url}/responses/resp_1?stream=true`);
  assert.match(await answer.text(), /data: 10\n\n$/);
});

test('a slow caller is not taken for a silent upstream', async (t) => {
  const size = 16 * 1024 * 1024;
  const upstream = await startUpstream(t, (_request, response) => {
    response.writeHead(200, { 'content-length': size }).end(Buffer.alloc(size));
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_BODY_IDLE_TIMEOUT_MS: '500' },
  });
  const socket = await openSocket(sidecar.port);
  socket.write('GET /v1/files/file_1/content HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  socket.resume();
  await once(socket, 'close');
  assert.ok(received > size, `${received} bytes`);
});
