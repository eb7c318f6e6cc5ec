import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openSocket, sendRaw } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

const get = 'GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n';

/** Tells of every request, and answers them itself unless they are kept waiting. */
async function startBoth(test: TestContext, keepsWaiting = false) {
  const seen: string[] = [];
  const waiting: ServerResponse[] = [];
  const upstream = await startUpstream(test, async (request, response) => {
    seen.push(`${request.method} ${request.url} ${await readText(request)}`);
    if (keepsWaiting) waiting.push(response);
    else answerJson(response, {});
  });
  const sidecar = await startSidecar(test, { upstreamUrl: upstream.url });
  return { sidecar, seen, waiting };
}

test('garbage behind pipelined requests is not answered in their place', async (t) => {
  const { sidecar, waiting } = await startBoth(t, true);
  const answer = await sendRaw(sidecar.port, `${get}POST /v1/responses HTTP/1.1\r\nbad header\r\n\r\n`);
  assert.equal(answer.text, '', 'the connection ends without an answer');
  assert.ok(waiting.length <= 1);
});

test('a request that breaks off behind an unanswered one is not answered in its place', async (t) => {
  const { sidecar } = await startBoth(t, true);
  const broken =
    'POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n';
  const answer = await sendRaw(sidecar.port, get + broken);
  assert.equal(answer.text, '', 'the connection ends without an answer');
});

test('a request that is refused before its framing proves wrong gets one answer', async (t) => {
  const { sidecar } = await startBoth(t);
  const answer = await sendRaw(
    sidecar.port,
    'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: ;;;\r\ntransfer-encoding: unchunked\r\n\r\n8\r\n',
  );
  assert.equal(answer.text.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, answer.text);
});

test('a caller that leaves ends all of its pipelined requests', async (t) => {
  const { sidecar, waiting } = await startBoth(t, true);
  const socket = await openSocket(sidecar.port);
  socket.write(get.repeat(3));
  while (waiting.length < 3) await sleep(5);
  const closed = waiting.map((response) => once(response, 'close', { signal: AbortSignal.timeout(2000) }));
  socket.destroy();
  await Promise.all(closed);
  await sleep(50);
  assert.match(await sidecar.metrics(), /^assistant_proxy_requests_in_flight 0$/m);
});

test('an expectation that nobody knows is ignored', async (t) => {
  const { sidecar, seen } = await startBoth(t);
  const answer = await sendRaw(sidecar.port, get.replace('\r\n\r\n', '\r\nexpect: miracles\r\n\r\n'));
  assert.equal(answer.status, 200);
  assert.deepEqual(seen, ['GET /v1/models ']);
});

test('a caller that expects to be told to go on is told so', async (t) => {
  const { sidecar, seen } = await startBoth(t);
  const socket = await openSocket(sidecar.port);
  t.after(() => socket.destroy());
  socket.write(
    'POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n',
  );
  const [interim] = (await once(socket, 'data')) as [Buffer];
  assert.equal(interim.toString(), 'HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('{}');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 200 OK\r\n/);
  assert.deepEqual(seen, ['POST /v1/responses {}']);
});

test('an expectation behind another request leaves both answers whole', async (t) => {
  const upstream = await startUpstream(t, async ({ headers }, response) => {
    // The second answer is there first, and has to wait.
    if (headers['x-second'] === undefined) await sleep(60);
    response.writeHead(200, { 'content-length': 5 }).end('12345');
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const expecting = get.replace('\r\n\r\n', '\r\nx-second: 1\r\nexpect: 100-continue\r\n\r\n');
  const { text } = await sendRaw(sidecar.port, get + expecting);
  assert.match(text, /^(?:HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n12345){2}$/);
});

test('another version than HTTP/1 is refused', async (t) => {
  const { sidecar, seen } = await startBoth(t);
  for (const version of ['0.9', '2.0']) {
    const answer = await sendRaw(sidecar.port, get.replace('1.1', version));
    assert.equal(answer.status, 400);
    assert.match(answer.body, /"code":"malformed_request"/);
  }
  assert.deepEqual(seen, []);
});

test('a body in a coding beside chunked is refused, because the upstream would not hear of the coding', async (t) => {
  const { sidecar, seen } = await startBoth(t);
  const answer = await sendRaw(
    sidecar.port,
    'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  );
  assert.equal(answer.status, 400);
  assert.match(answer.body, /"code":"malformed_request"/);
  assert.deepEqual(seen, []);
});

test('an offer to upgrade to HTTP/2 is passed over, and the connection ends behind the answer', async (t) => {
  const { sidecar, seen } = await startBoth(t);
  const offer =
    'POST /v1/responses HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n' +
    'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
  const answer = await sendRaw(sidecar.port, offer + get);
  assert.equal(answer.status, 200);
  assert.match(answer.text, /\r\nconnection: close\r\n/i);
  assert.equal(answer.connection, 'closed');
  assert.equal(seen[0], 'POST /v1/responses {}');
});
