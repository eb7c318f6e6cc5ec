import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { startSocketUpstream } from '../harness/upstream.ts';

test('the wait for the headers of an answer is bounded behind a proxy too', async (t) => {
  const proxy = await startSocketUpstream(t, () => {});
  const sidecar = await startSidecar(t, {
    upstreamUrl: 'http://upstream.invalid/v1',
    env: {
      ASSISTANT_PROXY_UPSTREAM_HTTP_PROXY: `http://127.0.0.1:${proxy.port}`,
      ASSISTANT_PROXY_UPSTREAM_HEADERS_TIMEOUT_MS: '500',
    },
  });
  const answer = await fetch(`${sidecar.url}/models`, { signal: AbortSignal.timeout(8000) });
  assert.equal(answer.status, 504);
  assert.match(await answer.text(), /"code":"upstream_timeout"/);
});
