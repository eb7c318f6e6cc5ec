import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type RawAnswer, sendRaw } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startSocketUpstream } from '../harness/upstream.ts';

/** What the caller receives when the upstream answers with exactly these bytes. */
async function answeredWith(test: TestContext, bytes: string, method = 'GET'): Promise<RawAnswer> {
  const upstream = await startSocketUpstream(test, (socket) => {
    socket.once('data', () => socket.write(bytes, 'latin1'));
  });
  const sidecar = await startSidecar(test, { upstreamUrl: upstream.url });
  return sendRaw(sidecar.port, `${method} /v1/models HTTP/1.1\r\nhost: x\r\n\r\n`);
}

/** In lower case, in order. */
function headerLines({ text }: RawAnswer): string[] {
  const [head = ''] = text.split('\r\n\r\n');
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()));
}

const withBody = 'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}';

test('what OpenAI says about limits, models and requests reaches the caller', async (t) => {
  const passed = [
    'x-request-id: req_upstream',
    'x-ratelimit-limit-tokens: 10000',
    'x-ratelimit-remaining-tokens: 9000',
    'x-ratelimit-reset-tokens: 6m0s',
    'openai-organization: org-answer',
    'openai-processing-ms: 12',
    'openai-version: 2020-10-01',
    'retry-after: 3',
    'retry-after-ms: 2500',
    'x-should-retry: false',
    'cache-control: no-store',
    'x-latin: caf\xe9',
    'constructor: passed',
    'content-disposition: attachment; filename="a.txt"',
  ];
  const answer = await answeredWith(t, `HTTP/1.1 429 Too Many\r\n${passed.join('\r\n')}\r\n${withBody}`);
  assert.equal(answer.status, 429);
  for (const line of passed) assert.ok(headerLines(answer).includes(line), `${line} in\n${answer.text}`);
  assert.equal(answer.body, '{}');
});

test('a header that came several times reaches the caller as often', async (t) => {
  const answer = await answeredWith(t, `HTTP/1.1 200 OK\r\nx-tag: one\r\nX-Tag: two\r\n${withBody}`);
  assert.deepEqual(
    headerLines(answer).filter((line) => line.startsWith('x-tag')),
    ['x-tag: one', 'x-tag: two'],
  );
});

test("cookies, hop-by-hop headers and the origin's word to browsers are withheld", async (t) => {
  const answer = await answeredWith(
    t,
    'HTTP/1.1 200 OK\r\nset-cookie: __cf_bm=secret\r\nset-cookie: b=secret\r\nkeep-alive: timeout=77\r\n' +
      'connection: keep-alive, X-Hop\r\nx-hop: secret\r\nproxy-authenticate: Basic realm="secret"\r\n' +
      `upgrade: secret\r\nalt-svc: h3="secret:443"\r\nstrict-transport-security: max-age=1; secret\r\n${withBody}`,
  );
  assert.equal(answer.status, 200);
  assert.doesNotMatch(answer.text, /secret|timeout=77|x-hop/i);
});

test('trailers and the header that announces them are withheld', async (t) => {
  const answer = await answeredWith(
    t,
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n',
  );
  assert.equal(answer.status, 200);
  assert.doesNotMatch(answer.text, /x-sum/i);
  assert.equal(answer.body, '2\r\n{}\r\n0\r\n\r\n');
});

test("the sidecar's request id is on every answer, and can't be forged by the upstream", async (t) => {
  const answer = await answeredWith(
    t,
    `HTTP/1.1 200 OK\r\nX-Assistant-Proxy-Request-Id: forged\r\n${withBody}`,
  );
  const ids = headerLines(answer).filter((line) => line.startsWith('x-assistant-proxy-request-id'));
  assert.equal(ids.length, 1);
  assert.match(ids[0]!, /: req_[\da-f-]{36}$/);
});

test("the sidecar's request id is on its own errors, and is the one in the log", async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => socket.destroy());
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  for (const [path, status] of [
    ['/v1/models', 502],
    ['/v1/../x', 400],
  ] as const) {
    const answer = await sendRaw(sidecar.port, `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    assert.equal(answer.status, status);
    const id = /x-assistant-proxy-request-id: (req_[\da-f-]{36})\r\n/i.exec(answer.text)?.[1];
    assert.ok(id);
    assert.ok(sidecar.logLines().some(({ requestId }) => requestId === id));
  }
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} is answered as an error and not followed`, async (t) => {
    const followed: string[] = [];
    const elsewhere = await startSocketUpstream(t, () => followed.push('connection'));
    const answer = await answeredWith(
      t,
      `HTTP/1.1 ${status} Moved\r\nlocation: http://127.0.0.1:${elsewhere.port}/v1/models?secret\r\ncontent-length: 5\r\n\r\nmoved`,
    );
    assert.equal(answer.status, 502);
    assert.match(answer.body, /"code":"upstream_redirected"/);
    assert.doesNotMatch(answer.text, /secret|location/i);
    assert.deepEqual(followed, []);
  });
}

test('304 has nowhere to lead and reaches the caller, without a body', async (t) => {
  const answer = await answeredWith(t, 'HTTP/1.1 304 Not Modified\r\netag: "a"\r\n\r\n');
  assert.equal(answer.status, 304);
  assert.equal(answer.body, '');
  assert.ok(headerLines(answer).includes('etag: "a"'));
});
