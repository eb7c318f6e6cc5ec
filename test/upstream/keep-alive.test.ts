import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

test('requests one after another use one connection to the upstream', async (t) => {
  const ports = new Set<number | undefined>();
  const upstream = await startUpstream(t, async (request, response) => {
    ports.add(request.socket.remotePort);
    await readText(request);
    answerJson(response, {});
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  for (const method of ['GET', 'POST', 'GET', 'DELETE']) {
    const answer = await fetch(`${sidecar.url}/new/thing`, {
      method,
      ...(method === 'POST' && { body: 'text' }),
    });
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
  }
  assert.equal(ports.size, 1);
});

test('no more connections are opened than maxConnections allows', async (t) => {
  const ports = new Set<number | undefined>();
  const upstream = await startUpstream(t, (request, response) => {
    ports.add(request.socket.remotePort);
    setTimeout(() => answerJson(response, {}), 20);
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_MAX_CONNECTIONS: '2' },
  });
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const answer = await fetch(`${sidecar.url}/models`);
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
  assert.deepEqual(answers, Array(8).fill(200));
  assert.equal(ports.size, 2);
});

test('a connection that the upstream closed while it was idle costs no request', async (t) => {
  const ports = new Set<number | undefined>();
  const upstream = await startUpstream(t, (request, response) => {
    ports.add(request.socket.remotePort);
    response.once('finish', () => setTimeout(() => request.socket.destroy(), 10));
    answerJson(response, {});
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  for (let round = 0; round < 3; round += 1) {
    const answer = await fetch(`${sidecar.url}/models`);
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.equal(ports.size, 3);
});
