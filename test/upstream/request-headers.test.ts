import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';

import { sendRaw } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

/** What the upstream receives for a request of these header lines. */
async function receivedFor(
  test: TestContext,
  lines: readonly string[],
  env: Record<string, string> = {},
): Promise<{ headers: IncomingMessage['headers']; distinct: NodeJS.Dict<string[]>; host: string }> {
  const received: IncomingMessage[] = [];
  const upstream = await startUpstream(test, (request, response) => {
    received.push(request);
    answerJson(response, {});
  });
  const sidecar = await startSidecar(test, { upstreamUrl: upstream.url, env });
  const answer = await sendRaw(
    sidecar.port,
    Buffer.from(
      `GET /v1/models HTTP/1.1\r\n${['host: evil.invalid', ...lines].join('\r\n')}\r\n\r\n`,
      'latin1',
    ),
  );
  assert.equal(answer.status, 200, answer.text);
  const { headers, headersDistinct } = received[0]!;
  return { headers, distinct: headersDistinct, host: `127.0.0.1:${upstream.port}` };
}

const callerIdentity = [
  'Authorization: Bearer caller-secret',
  'api-key: caller-secret',
  'X-API-Key: caller-secret',
  'Cookie: session=caller-secret',
  'Cookie: other=caller-secret',
  'Proxy-Authorization: Basic caller-secret',
  'OpenAI-Organization: org-caller',
  'OpenAI-Project: proj-caller',
];

test("nothing that identifies the caller goes upstream; the sidecar's own key does", async (t) => {
  const { headers, host } = await receivedFor(t, callerIdentity);
  assert.deepEqual(headers, { host, connection: 'keep-alive', authorization: 'Bearer sk-stand-in' });
});

test("the configured organisation and project take the place of the caller's", async (t) => {
  const { headers } = await receivedFor(t, callerIdentity, {
    ASSISTANT_PROXY_UPSTREAM_ORGANIZATION: 'org-sidecar',
    ASSISTANT_PROXY_UPSTREAM_PROJECT: 'proj-sidecar',
  });
  assert.equal(headers['openai-organization'], 'org-sidecar');
  assert.equal(headers['openai-project'], 'proj-sidecar');
  assert.doesNotMatch(JSON.stringify(headers), /caller/);
});

test('an upstream that takes no key gets none, not even the one of the caller', async (t) => {
  const { headers, host } = await receivedFor(t, callerIdentity, { ASSISTANT_PROXY_UPSTREAM_API_KEY: '' });
  assert.deepEqual(headers, { host, connection: 'keep-alive' });
});

test('what concerns one hop, or the network on this side, stays on this side', async (t) => {
  const { headers, host } = await receivedFor(t, [
    'Connection: keep-alive, X-Hop,x-other-hop',
    'X-Hop: 1',
    'X-Other-Hop: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Trailer: x-checksum',
    'Expect: miracles',
    'HTTP2-Settings: AAMAAABk',
    'Forwarded: for=192.0.2.1;host=evil.invalid',
    'Via: 1.1 evil.invalid',
    'X-Real-IP: 192.0.2.1',
    'X-Forwarded-For: 192.0.2.1',
    'X-Forwarded-Host: evil.invalid',
    'X-Forwarded-Proto: https',
  ]);
  assert.deepEqual(headers, { host, connection: 'keep-alive', authorization: 'Bearer sk-stand-in' });
});

test('headers named in several Connection headers stay on this side', async (t) => {
  const { headers } = await receivedFor(t, [
    'Connection: X-Hop',
    'connection: x-other-hop',
    'X-Hop: 1',
    'x-other-hop: 2',
  ]);
  assert.equal(headers['x-hop'], undefined);
  assert.equal(headers['x-other-hop'], undefined);
});

test('the caller can not have the key withheld by naming it in Connection', async (t) => {
  const { headers, host } = await receivedFor(t, ['Connection: authorization, host']);
  assert.equal(headers.authorization, 'Bearer sk-stand-in');
  assert.equal(headers.host, host);
});

test('everything else goes upstream as it was sent', async (t) => {
  const passed = {
    'openai-beta': 'assistants=v2',
    'x-stainless-lang': 'js',
    'x-stainless-retry-count': '0',
    'x-stainless-timeout': '600',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'a=1,b=2',
    'idempotency-key': 'stainless-node-retry-1',
    'user-agent': 'OpenAI/JS 7.57.0',
    accept: 'application/json',
    'accept-encoding': 'gzip, br',
    'if-none-match': '"a"',
    range: 'bytes=0-10',
    'x-custom': 'caf\xe9',
    'x-empty': '',
  };
  const { headers, host } = await receivedFor(
    t,
    Object.entries(passed).map(([name, value]) => `${name}: ${value}`),
  );
  const own = { host, connection: 'keep-alive', authorization: 'Bearer sk-stand-in' };
  assert.deepEqual(headers, { ...passed, ...own });
});

test('every value of a header that was sent several times goes upstream, in order', async (t) => {
  const { headers, distinct } = await receivedFor(t, [
    'X-Tag: one',
    'OpenAI-Beta: a=v1',
    'x-tag: two, three',
    'openai-beta: b=v2',
  ]);
  assert.equal(headers['x-tag'], 'one, two, three');
  assert.equal(distinct['openai-beta']?.join(', '), 'a=v1, b=v2');
});
