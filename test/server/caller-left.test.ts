import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openSocket } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

test('a caller that resets its connection is one that left, not a malformed request', async (t) => {
  const upstream = await startUpstream(t, (_incoming, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const caller = await openSocket(sidecar.port);
  caller.write('GET /v1/responses/r?stream=true HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(caller, 'data');
  caller.resetAndDestroy();
  // What was on its way is still read: it may tell what was used.
  const givesUpAtMs = performance.now() + 5000;
  while (sidecar.logLines().length === 0 && performance.now() < givesUpAtMs) await sleep(10);
  const told = sidecar.logLines().map(({ msg, ending }) => [msg, ending]);
  assert.deepEqual(told, [['request', 'aborted']]);
  assert.doesNotMatch(await sidecar.metrics(), /refusals_total\{/);
});

test('a caller that leaves in the middle of a request is one that left too', async (t) => {
  const upstream = await startUpstream(t, (incoming) => void incoming.resume());
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const caller = await openSocket(sidecar.port);
  const form = 'content-type: multipart/form-data; boundary=b\r\ncontent-length: 100';
  caller.write(`POST /v1/files HTTP/1.1\r\nhost: x\r\n${form}\r\n\r\n--b\r\n`);
  await sleep(50);
  caller.end();
  await once(caller.resume(), 'close');
  await sleep(50);
  const told = sidecar.logLines().map(({ msg, ending }) => [msg, ending]);
  assert.deepEqual(told, [['request', 'aborted']]);
  assert.doesNotMatch(await sidecar.metrics(), /refusals_total\{/);
});
