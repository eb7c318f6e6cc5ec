import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openSocket } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

const getModels = 'GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n';

test('an upload that finds no upstream leaves no timer behind', async (t) => {
  const sidecar = await startSidecar(t, { upstreamUrl: 'http://127.0.0.1:1/v1' });
  await upload(sidecar.url);
  await sleep(20);
  const before = timers();
  for (let count = 0; count < 10; count += 1) await upload(sidecar.url);
  await sleep(20);
  assert.ok(timers() < before + 5, `${before} timers, then ${timers()}`);
});

async function upload(url: string): Promise<void> {
  const form = new FormData();
  form.set('file', new Blob(['small']), 'name');
  const answer = await fetch(`${url}/files`, { method: 'POST', body: form });
  assert.equal(answer.status, 502);
  await answer.text();
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

test('a caller who leaves while it waits for a connection is gone at once', async (t) => {
  let requests = 0;
  const upstream = await startUpstream(t, () => (requests += 1));
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_UPSTREAM_MAX_CONNECTIONS: '1' },
  });
  const served = await openSocket(sidecar.port);
  t.after(() => served.destroy());
  served.write(getModels);
  await sleep(50);
  const waiting = await openSocket(sidecar.port);
  waiting.write(getModels);
  await sleep(50);
  assert.match(await sidecar.metrics(), /requests_in_flight 2/);
  waiting.destroy();
  await sleep(50);
  assert.match(await sidecar.metrics(), /requests_in_flight 1/);
  const [line] = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.deepEqual([line?.['ending'], line?.['status']], ['aborted', 499]);
  served.destroy();
  await sleep(50);
  assert.equal(requests, 1, 'whom nobody waits for is not asked for');
  assert.match(await sidecar.metrics(), /requests_in_flight 0/);
});
