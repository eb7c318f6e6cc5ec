import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Body } from '../../src/exchange.ts';
import { createDataPlane } from '../../src/server/data-plane.ts';
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

test('a request that was begun and never sent to its end does not hold up the drain', async (t) => {
  const upstream = await startUpstream(t, () => assert.fail('it is no request yet'));
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const unfinished = await openSocket(sidecar.port);
  unfinished.write('GET /v1/models HTTP/1.1\r\n');
  await sleep(50);
  const startedAtMs = performance.now();
  const closed = once(unfinished, 'close');
  assert.equal(await sidecar.shutDown(), true);
  assert.ok(performance.now() - startedAtMs < 2000);
  await closed;
});

test('a drain waits for a caller that is slow to read the end of its answer', async () => {
  let sentBytes = 0;
  const ended = Promise.withResolvers<void>();
  const body: Body = (sink) => {
    // More than the kernel holds between two sockets, so the end is still here when the drain begins.
    for (; sentBytes < 16_000_000; sentBytes += 65_536) sink.write(Buffer.alloc(65_536));
    sink.end();
    ended.resolve();
    return { resume() {}, leave() {} };
  };
  const dataPlane = createDataPlane({
    handler: async () => ({ status: 200, headers: {}, body, finished: new Promise(() => {}) }),
    headersTimeoutMs: 1000,
    bodyIdleTimeoutMs: 1000,
    onRefused: () => assert.fail(),
    onInternalError: () => assert.fail(),
  });
  const { port } = new URL(await dataPlane.listen('127.0.0.1', 0));
  const caller = await openSocket(Number(port));
  caller.pause();
  caller.write('GET /v1/files/file-1/content HTTP/1.1\r\nhost: x\r\n\r\n');
  await ended.promise;
  const drained = dataPlane.drain(5000);
  await sleep(200);
  let receivedBytes = 0;
  caller.on('data', (chunk) => (receivedBytes += chunk.length)).resume();
  await once(caller, 'close');
  assert.ok(receivedBytes > sentBytes, `${receivedBytes} of ${sentBytes} bytes`);
  assert.equal(await drained, true);
});
