import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startSocketUpstream } from '../harness/upstream.ts';
import { createAuthority } from './certificates.ts';

/** An HTTPS upstream; its address names it as its certificate should. */
async function startTlsUpstream(test: TestContext, identity: { key: Buffer; cert: Buffer }): Promise<string> {
  const server = createServer(identity, (request, response) =>
    answerJson(response, { host: request.headers.host }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}/v1`;
}

async function answerThrough(
  test: TestContext,
  upstreamUrl: string,
  caFile: string,
): Promise<{ status: number; text: string }> {
  const sidecar = await startSidecar(test, {
    upstreamUrl,
    env: { ASSISTANT_PROXY_UPSTREAM_CA_FILE: caFile },
  });
  const answer = await fetch(`${sidecar.url}/models`);
  return { status: answer.status, text: await answer.text() };
}

test('an upstream whose authority is named in caFile is trusted', async (t) => {
  const { caFile, issue } = createAuthority(t);
  const url = await startTlsUpstream(t, issue());
  const { status, text } = await answerThrough(t, url, caFile);
  assert.equal(status, 200, text);
  assert.equal(text, JSON.stringify({ host: new URL(url).host }));
});

test('an upstream whose authority nobody named is refused, and the message says what to do', async (t) => {
  const url = await startTlsUpstream(t, createAuthority(t).issue());
  for (const caFile of ['', createAuthority(t).caFile]) {
    const { status, text } = await answerThrough(t, url, caFile);
    assert.equal(status, 502);
    assert.match(text, /"code":"upstream_unreachable"/);
    assert.match(text, /not trusted.*upstream\.caFile/);
  }
});

test('an expired certificate is refused, and the message says so', async (t) => {
  const { caFile, issue } = createAuthority(t);
  const { status, text } = await answerThrough(
    t,
    await startTlsUpstream(t, issue({ expired: true })),
    caFile,
  );
  assert.equal(status, 502);
  assert.match(text, /certificate has expired/);
});

test('a certificate for another host is refused, and the message says so', async (t) => {
  const { caFile, issue } = createAuthority(t);
  const { status, text } = await answerThrough(
    t,
    await startTlsUpstream(t, issue({ host: 'other.invalid' })),
    caFile,
  );
  assert.equal(status, 502);
  assert.match(text, /certificate is for another host name/);
  assert.doesNotMatch(text, /other\.invalid/);
});

test('an upstream that does not speak TLS is unreachable', async (t) => {
  const plain = await startSocketUpstream(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
  );
  const { status, text } = await answerThrough(t, `https://localhost:${plain.port}/v1`, '');
  assert.equal(status, 502);
  assert.match(text, /"code":"upstream_unreachable"/);
  assert.match(text, /does not speak TLS/);
});

test('an upstream that never finishes the TLS handshake is given up after the connect timeout', async (t) => {
  const silent = await startSocketUpstream(t, (socket) => socket.resume());
  const sidecar = await startSidecar(t, {
    upstreamUrl: `https://localhost:${silent.port}/v1`,
    env: { ASSISTANT_PROXY_UPSTREAM_CONNECT_TIMEOUT_MS: '500' },
  });
  const answer = await fetch(`${sidecar.url}/models`, { signal: AbortSignal.timeout(5000) });
  assert.equal(answer.status, 502);
  assert.match(await answer.text(), /did not accept the connection in time/);
});

test('a caFile that is missing, or holds no certificate, is refused at the start, by its name', async (t) => {
  const { caFile } = createAuthority(t);
  const noCertificate = `${caFile}.txt`;
  writeFileSync(noCertificate, 'not a certificate');
  for (const file of [`${caFile}.missing`, noCertificate]) {
    await assert.rejects(answerThrough(t, 'https://localhost:1/v1', file), (error: Error) =>
      error.message.startsWith(`upstream.caFile: ${file} `),
    );
  }
});
