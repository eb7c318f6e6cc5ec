import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { startSocketUpstream, startUpstream } from '../harness/upstream.ts';

async function codeOf(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/models`, { signal: AbortSignal.timeout(8000) });
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  return [answer.status, error['code']];
}

test('a proxy that wants credentials is a failure of the upstream, not of the request', async (t) => {
  const proxy = await startUpstream(t, (_request, response) => response.writeHead(407).end());
  const sidecar = await startSidecar(t, {
    upstreamUrl: 'http://upstream.invalid/v1',
    env: { ASSISTANT_PROXY_UPSTREAM_HTTP_PROXY: `http://127.0.0.1:${proxy.port}` },
  });
  assert.deepEqual(await codeOf(sidecar.url), [502, 'upstream_unreachable']);
});

test('the wait for the headers of an answer is bounded behind a proxy too', async (t) => {
  const proxy = await startSocketUpstream(t, () => {});
  const sidecar = await startSidecar(t, {
    upstreamUrl: 'http://upstream.invalid/v1',
    env: {
      ASSISTANT_PROXY_UPSTREAM_HTTP_PROXY: `http://127.0.0.1:${proxy.port}`,
      ASSISTANT_PROXY_UPSTREAM_HEADERS_TIMEOUT_MS: '500',
    },
  });
  assert.deepEqual(await codeOf(sidecar.url), [504, 'upstream_timeout']);
});

test('a proxy that never opens the tunnel does so for no longer than connecting may take', async (t) => {
  const proxy = await startSocketUpstream(t, () => {});
  const sidecar = await startSidecar(t, {
    upstreamUrl: 'https://upstream.invalid/v1',
    env: {
      ASSISTANT_PROXY_UPSTREAM_HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      ASSISTANT_PROXY_UPSTREAM_CONNECT_TIMEOUT_MS: '500',
    },
  });
  assert.deepEqual(await codeOf(sidecar.url), [504, 'upstream_timeout']);
});
