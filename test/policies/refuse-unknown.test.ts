import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

test('an unknown path passes, unless the configuration says otherwise', async (t) => {
  const seen: (string | undefined)[] = [];
  const upstream = await startUpstream(t, (request, response) => {
    seen.push(request.url);
    answerJson(response, { object: 'novelty' });
  });
  const open = await startSidecar(t, { upstreamUrl: upstream.url });
  const passed = await fetch(`${open.url}/novelties/n_1?x=y`);
  assert.deepEqual([passed.status, await passed.json()], [200, { object: 'novelty' }]);
  assert.deepEqual(seen, ['/v1/novelties/n_1?x=y']);

  const strict = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_UNKNOWN_OPERATIONS: 'deny' },
  });
  const refused = await fetch(`${strict.url}/novelties/n_1?x=y`);
  assert.equal(refused.status, 404);
  const { error } = (await refused.json()) as { error: { code: string } };
  assert.equal(error.code, 'unknown_operation');
  assert.equal((await fetch(`${strict.url}/models`)).status, 200);
  assert.equal(seen.length, 2);
});
