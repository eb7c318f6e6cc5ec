import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { openSocket } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

test('a connection that was opened and never used does not hold up the drain', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const unused = await openSocket(sidecar.port);
  // By its answer this request also tells that the sidecar has accepted the connection before it.
  assert.equal((await fetch(`${sidecar.url}/models`)).status, 200);
  const startedAtMs = performance.now();
  const closed = once(unused, 'close');
  assert.equal(await sidecar.shutDown(), true);
  assert.ok(performance.now() - startedAtMs < 2000);
  await closed;
});
