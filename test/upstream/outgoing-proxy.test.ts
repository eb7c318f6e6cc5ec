import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, createServer, request as forwardTo } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';

import { freePort } from '../harness/free-port.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startSocketUpstream, startUpstream } from '../harness/upstream.ts';
import { createAuthority } from './certificates.ts';

interface Proxy {
  readonly url: string;
  /** Request lines and credentials, in turn. */
  readonly seen: { line: string; credentials: string | undefined }[];
}

/** A forward proxy as companies have them: CONNECT for https, whole URLs for http. */
async function startProxy(test: TestContext, refuses?: number): Promise<Proxy> {
  const seen: Proxy['seen'] = [];
  const record = ({ method, url, headers }: IncomingMessage) => {
    seen.push({ line: `${method} ${url}`, credentials: headers['proxy-authorization'] });
  };
  const server = createServer((request, response) => {
    record(request);
    if (refuses !== undefined) return void response.writeHead(refuses).end('refused by the proxy');
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const passed = forwardTo(request.url!, { method: request.method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.writeHead(502).end());
    request.pipe(passed);
  });
  server.on('connect', (request, socket) => {
    record(request);
    socket.on('error', () => {});
    if (refuses !== undefined) return void socket.end(`HTTP/1.1 ${refuses} No\r\ncontent-length: 0\r\n\r\n`);
    const [host, port] = request.url!.split(':');
    const tunnel = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      tunnel.pipe(socket).pipe(tunnel);
    });
    tunnel.on('error', () => socket.destroy());
    test.after(() => tunnel.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function startTlsUpstream(test: TestContext): Promise<{ url: string; port: number; caFile: string }> {
  const { caFile, issue } = createAuthority(test);
  const server = createTlsServer(issue(), (request, response) => answerJson(response, { url: request.url }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://localhost:${port}/v1`, port, caFile };
}

async function answerThrough(test: TestContext, upstreamUrl: string, env: Record<string, string>) {
  const sidecar = await startSidecar(test, { upstreamUrl, env });
  const answer = await fetch(`${sidecar.url}/models?a=1`, { signal: AbortSignal.timeout(15_000) });
  return { status: answer.status, text: await answer.text(), sidecar };
}

function withCredentials(url: string): string {
  return url.replace('http://', 'http://user:p%40ss@');
}

const credentials = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;

test('an https upstream is reached through a tunnel of HTTPS_PROXY, which sees nothing but the host', async (t) => {
  const upstream = await startTlsUpstream(t);
  const proxy = await startProxy(t);
  const { status, text } = await answerThrough(t, upstream.url, {
    HTTPS_PROXY: proxy.url,
    ASSISTANT_PROXY_UPSTREAM_CA_FILE: upstream.caFile,
  });
  assert.equal(status, 200, text);
  assert.equal(text, '{"url":"/v1/models?a=1"}');
  assert.deepEqual(proxy.seen, [{ line: `CONNECT localhost:${upstream.port}`, credentials: undefined }]);
});

test('an http upstream is reached through HTTP_PROXY, with bodies both ways', async (t) => {
  const bodies: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    bodies.push(text);
    assert.equal(request.headers.host, `127.0.0.1:${upstream.port}`);
    assert.equal(request.headers.authorization, 'Bearer sk-stand-in');
    answerJson(response, { got: text.length });
  });
  const proxy = await startProxy(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, env: { HTTP_PROXY: proxy.url } });
  const headers = { 'content-type': 'application/json' };
  const json = await fetch(`${sidecar.url}/responses`, { method: 'POST', headers, body: '{"a":1}' });
  assert.equal(await json.text(), '{"got":7}');
  const upload = await fetch(`${sidecar.url}/new/thing`, { method: 'POST', body: 'x'.repeat(100_000) });
  assert.equal(await upload.text(), '{"got":100000}');
  assert.deepEqual(
    bodies.map(({ length }) => length),
    [7, 100_000],
  );
  for (const { line } of proxy.seen) assert.match(line, /^(?:POST http|CONNECT 127)/);
  assert.ok(proxy.seen.length > 0);
});

test("credentials of the proxy's URL are shown to the proxy, and to nobody else", async (t) => {
  const headersSeen: string[] = [];
  const plain = await startUpstream(t, (request, response) => {
    headersSeen.push(JSON.stringify(request.rawHeaders));
    answerJson(response, {});
  });
  const encrypted = await startTlsUpstream(t);
  for (const [upstreamUrl, caFile] of [
    [plain.url, ''],
    [encrypted.url, encrypted.caFile],
  ] as const) {
    const proxy = await startProxy(t);
    const { status, sidecar } = await answerThrough(t, upstreamUrl, {
      HTTPS_PROXY: withCredentials(proxy.url),
      HTTP_PROXY: withCredentials(proxy.url),
      ASSISTANT_PROXY_UPSTREAM_CA_FILE: caFile,
    });
    assert.equal(status, 200);
    assert.deepEqual(
      proxy.seen.map((request) => request.credentials),
      [credentials],
    );
    assert.doesNotMatch(JSON.stringify(sidecar.logLines()), /p%40ss|p@ss/);
  }
  assert.doesNotMatch(headersSeen.join(), /proxy-authorization/i);
});

test('hosts named in NO_PROXY are reached without the proxy', async (t) => {
  const upstream = await startTlsUpstream(t);
  for (const [noProxy, isProxied] of [
    ['localhost', false],
    [`other.invalid,localhost:${upstream.port}`, false],
    ['*', false],
    ['other.invalid', true],
  ] as const) {
    const proxy = await startProxy(t);
    const { status } = await answerThrough(t, upstream.url, {
      HTTPS_PROXY: proxy.url,
      NO_PROXY: noProxy,
      ASSISTANT_PROXY_UPSTREAM_CA_FILE: upstream.caFile,
    });
    assert.equal(status, 200);
    assert.equal(proxy.seen.length, isProxied ? 1 : 0, noProxy);
  }
});

test('HTTPS_PROXY does not concern an http upstream, nor HTTP_PROXY an https one', async (t) => {
  const encrypted = await startTlsUpstream(t);
  const plain = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const proxy = await startProxy(t);
  const overTls = await answerThrough(t, encrypted.url, {
    HTTP_PROXY: proxy.url,
    ASSISTANT_PROXY_UPSTREAM_CA_FILE: encrypted.caFile,
  });
  const inPlain = await answerThrough(t, plain.url, { HTTPS_PROXY: proxy.url });
  assert.deepEqual([overTls.status, inPlain.status], [200, 200]);
  assert.deepEqual(proxy.seen, []);
});

test('a proxy that is down, refuses, or breaks off makes the upstream unreachable', async (t) => {
  const down = await startSocketUpstream(t, () => {});
  const gone = `http://127.0.0.1:${await freePort()}`;
  const breaking = await startSocketUpstream(t, (socket) =>
    socket.once('data', () => socket.resetAndDestroy()),
  );
  const proxies = [
    gone,
    (await startProxy(t, 407)).url,
    (await startProxy(t, 403)).url,
    `http://127.0.0.1:${breaking.port}`,
  ];
  for (const proxy of proxies) {
    const { status, text, sidecar } = await answerThrough(t, `https://localhost:${down.port}/v1`, {
      HTTPS_PROXY: withCredentials(proxy),
    });
    assert.equal(status, 502, text);
    assert.match(text, /"code":"upstream_unreachable"/);
    assert.doesNotMatch(text + JSON.stringify(sidecar.logLines()), /p@ss|p%40ss/);
  }
});

test('a proxy that asks for other credentials is told of as such, whatever the upstream speaks', async (t) => {
  const proxy = await startProxy(t, 407);
  for (const upstreamUrl of ['https://localhost:1/v1', 'http://localhost:1/v1']) {
    const { status, text } = await answerThrough(t, upstreamUrl, {
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
    });
    assert.equal(status, 502, text);
    assert.match(text, /"code":"upstream_unreachable"/);
    assert.match(text, /proxy/i);
  }
});

test('a proxy that accepts and stays silent is given up after the connect timeout', async (t) => {
  const silent = await startSocketUpstream(t, (socket) => socket.resume());
  const { status, text } = await answerThrough(t, 'https://localhost:1/v1', {
    HTTPS_PROXY: `http://127.0.0.1:${silent.port}`,
    ASSISTANT_PROXY_UPSTREAM_CONNECT_TIMEOUT_MS: '1000',
  });
  assert.equal(status, 504, text);
  assert.match(text, /"code":"upstream_timeout"/);
});

test('a stream through a tunnel that breaks reaches the caller as a cut', async (t) => {
  const { caFile, issue } = createAuthority(t);
  const server = createTlsServer(issue(), (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    setTimeout(() => request.socket.destroy(), 50);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const proxy = await startProxy(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: `https://localhost:${(server.address() as AddressInfo).port}/v1`,
    env: { HTTPS_PROXY: proxy.url, ASSISTANT_PROXY_UPSTREAM_CA_FILE: caFile },
  });
  const answer = await fetch(`${sidecar.url}/responses/resp_1?stream=true`);
  await assert.rejects(answer.text(), /terminated/);
});
