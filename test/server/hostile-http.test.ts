import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { sendRaw } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

const json = 'host: x\r\ncontent-type: application/json\r\n';
const post = 'POST /v1/chat/completions HTTP/1.1\r\n';

interface Attack {
  readonly name: string;
  readonly bytes: string;
  /** Statuses that are right; 0 is a closed connection without an answer. */
  readonly statuses: readonly number[];
  readonly code?: string;
}

const attacks: readonly Attack[] = [
  {
    name: 'content-length beside transfer-encoding',
    bytes: `${post}${json}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n`,
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'two different content-lengths',
    bytes: `${post}${json}content-length: 2\r\ncontent-length: 40\r\n\r\n{}`,
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'a transfer-encoding that does not end in chunked',
    bytes: `${post}${json}transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'an obfuscated transfer-encoding',
    bytes: `${post}${json}transfer-encoding : chunked\r\ncontent-length: 2\r\n\r\n{}`,
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'a negative chunk size',
    bytes: `${post}${json}transfer-encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n`,
    statuses: [400],
  },
  {
    name: 'a content-length that is not a number',
    bytes: `${post}${json}content-length: 1e3\r\n\r\n{}`,
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'an absolute-form target',
    bytes: 'GET http://evil.invalid/v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    statuses: [400],
    code: 'malformed_path',
  },
  {
    name: 'a target that names a host after two slashes',
    bytes: 'GET //evil.invalid/v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    statuses: [400],
    code: 'malformed_path',
  },
  {
    name: 'user information in the target',
    bytes: 'GET @evil.invalid/v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    statuses: [400],
  },
  { name: 'CONNECT', bytes: 'CONNECT evil.invalid:443 HTTP/1.1\r\nhost: x\r\n\r\n', statuses: [0, 400] },
  {
    name: 'TRACE',
    bytes: 'TRACE /v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    statuses: [400],
    code: 'malformed_path',
  },
  {
    name: 'OPTIONS *',
    bytes: 'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n',
    statuses: [400],
    code: 'malformed_path',
  },
  ...[
    '/v1/../admin',
    '/v1/%2e%2e/admin',
    '/v1/%2E./x',
    '/v1/files/..%2fadmin',
    '/v1/files/a%5cb',
    '/v1//models',
    '/admin',
    '/v1/files/%zz',
    '/v1/files/a%00b',
  ].map((path): Attack => ({
    name: `the path ${path}`,
    bytes: `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`,
    statuses: [400],
    code: 'malformed_path',
  })),
  {
    name: 'a header name with a space',
    bytes: 'GET /v1/models HTTP/1.1\r\nhost: x\r\nbad name: y\r\n\r\n',
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'a bare line feed and a folded header',
    bytes: 'GET /v1/models HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n',
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'a null byte in a header',
    bytes: 'GET /v1/models HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n',
    statuses: [400],
    code: 'malformed_request',
  },
  {
    name: 'headers of 64 KiB',
    bytes: `GET /v1/models HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(65_536)}\r\n\r\n`,
    statuses: [431],
    code: 'headers_too_large',
  },
  { name: 'no host', bytes: 'GET /v1/models HTTP/1.1\r\n\r\n', statuses: [400] },
  { name: 'TLS on a plain port', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', statuses: [400] },
  { name: 'HTTP/2 by prior knowledge', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', statuses: [400, 0] },
  {
    name: 'a WebSocket upgrade',
    bytes:
      'GET /v1/realtime?model=x HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
    statuses: [501],
    code: 'websocket_unsupported',
  },
  {
    name: 'truncated JSON',
    bytes: `${post}${json}content-length: 12\r\n\r\n{"model": "g`,
    statuses: [400],
    code: 'malformed_json',
  },
  {
    name: 'JSON in an invalid encoding',
    bytes: `${post}${json}content-length: 9\r\n\r\n{"a":"\xff"}`,
    statuses: [400],
    code: 'malformed_json',
  },
  {
    name: 'a form where JSON belongs',
    bytes: `${post}host: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\na=b`,
    statuses: [415],
    code: 'unsupported_media_type',
  },
  {
    name: 'a content type that is none',
    bytes: `${post}host: x\r\ncontent-type: ;;;\r\ncontent-length: 2\r\n\r\n{}`,
    statuses: [415],
    code: 'unsupported_media_type',
  },
  {
    name: 'a compressed JSON body',
    bytes: `${post}${json}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}`,
    statuses: [415],
    code: 'unsupported_media_type',
  },
  {
    name: 'JSON where a form belongs',
    bytes:
      'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
    statuses: [415],
    code: 'unsupported_media_type',
  },
  {
    name: 'a body over the limit, declared',
    bytes: `${post}${json}content-length: 5000\r\n\r\n{"a":1`,
    statuses: [413],
    code: 'body_too_large',
  },
  {
    name: 'a body over the limit, in chunks',
    bytes: `${post}${json}transfer-encoding: chunked\r\n\r\n${`200\r\n${'x'.repeat(512)}\r\n`.repeat(9)}`,
    statuses: [413],
    code: 'body_too_large',
  },
];

/** Answers every request that reaches it with what it was asked. */
async function startEcho(test: TestContext) {
  const seen: string[] = [];
  const upstream = await startUpstream(test, async (request, response) => {
    seen.push(`${request.method} ${request.url} host=${request.headers.host}`);
    await readText(request);
    answerJson(response, { object: 'list', data: [] });
  });
  const sidecar = await startSidecar(test, {
    upstreamUrl: upstream.url,
    env: {
      ASSISTANT_PROXY_LISTEN_MAX_BODY_BYTES: '4096',
      ASSISTANT_PROXY_LISTEN_HEADERS_TIMEOUT_MS: '1000',
      ASSISTANT_PROXY_LISTEN_BODY_IDLE_TIMEOUT_MS: '300',
    },
  });
  return { upstream, sidecar, seen };
}

test('hostile requests get a clear error or a closed connection, and none reaches the upstream', async (t) => {
  const { sidecar, seen } = await startEcho(t);
  for (const attack of attacks) {
    await t.test(attack.name, async () => {
      const before = seen.length;
      const answer = await sendRaw(sidecar.port, Buffer.from(attack.bytes, 'latin1'));
      assert.ok(attack.statuses.includes(answer.status), `${answer.status}: ${answer.text.slice(0, 300)}`);
      assert.equal(seen.length, before, 'nothing may reach the upstream');
      if (answer.status !== 0) {
        const { error } = JSON.parse(answer.body) as { error: Record<string, unknown> };
        assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type']);
        if (attack.code) assert.equal(error['code'], attack.code);
        assert.match(answer.text, /x-assistant-proxy-request-id: /i);
      }
      const next = await fetch(`${sidecar.url}/models`);
      assert.equal(next.status, 200, 'the next request is served');
      await next.arrayBuffer();
    });
  }
});

test('a refused request leaves nothing behind that could be read as the next one', async (t) => {
  const { sidecar, seen } = await startEcho(t);
  const smuggled = 'GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n';
  const answer = await sendRaw(
    sidecar.port,
    `${post}host: x\r\ncontent-type: text/plain\r\ncontent-length: ${5000 + smuggled.length}\r\n\r\n${smuggled}`,
  );
  assert.equal(answer.status, 415);
  assert.equal(answer.connection === 'kept', false, 'the connection must end');
  assert.deepEqual(seen, []);
});

test('a caller that stalls in the headers or in the body is answered 408', async (t) => {
  const { sidecar } = await startEcho(t);
  const [slowHeaders, slowJson, slowUpload] = await Promise.all([
    sendRaw(sidecar.port, 'GET /v1/models HTTP/1.1\r\nhost: x\r\n', 4000),
    sendRaw(sidecar.port, `${post}${json}content-length: 100\r\n\r\n{"a":`, 4000),
    sendRaw(
      sidecar.port,
      'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 100\r\n\r\n--b',
      4000,
    ),
  ]);
  assert.deepEqual([slowHeaders.status, slowJson.status, slowUpload.status], [408, 408, 408]);
});

test('a caller that closes its half of the connection ends its own request and no other', async (t) => {
  const { sidecar } = await startEcho(t);
  const answer = await new Promise<string>((resolve) => {
    void import('node:net').then(({ connect }) => {
      const socket = connect({ port: sidecar.port, host: '127.0.0.1', allowHalfOpen: true });
      let text = '';
      socket.on('data', (data) => (text += data.toString('latin1')));
      socket.on('close', () => resolve(text));
      socket.on('end', () => socket.end());
      socket.end('GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n');
    });
  });
  assert.ok(answer === '' || answer.startsWith('HTTP/1.1 200'), answer);
  assert.equal((await fetch(`${sidecar.url}/models`)).status, 200);
});
