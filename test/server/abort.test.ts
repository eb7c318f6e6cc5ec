import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openSocket } from '../harness/raw.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { readText, startUpstream } from '../harness/upstream.ts';

/** What "at once" means for an abort; generous against a busy machine, small against a human. */
const atOnceMs = 100;

const body = JSON.stringify({ model: 'm', messages: [], stream: true });
const request =
  'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' +
  `content-length: ${body.length}\r\n\r\n${body}`;

test('a caller who leaves in the middle of a stream closes the upstream request within 100 ms', async (t) => {
  const closedAtMs = Promise.withResolvers<number>();
  const upstream = await startUpstream(t, async (incoming, response) => {
    await readText(incoming);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const dripping = setInterval(() => response.write('data: {"choices":[]}\n\n'), 5);
    response.on('close', () => {
      clearInterval(dripping);
      closedAtMs.resolve(performance.now());
    });
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const caller = await openSocket(sidecar.port);
  caller.write(request);
  await once(caller, 'data');
  const leftAtMs = performance.now();
  caller.destroy();
  const tookMs = (await closedAtMs.promise) - leftAtMs;
  assert.ok(tookMs < atOnceMs, `${tookMs} ms`);
  await sleep(20);
  const [line] = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.equal(line?.['ending'], 'aborted');
  assert.match(await sidecar.metrics(), /requests_in_flight 0/);
});

test('a caller who leaves before there is an answer closes the upstream request too', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const closedAtMs = Promise.withResolvers<number>();
  const upstream = await startUpstream(t, async (incoming, response) => {
    await readText(incoming);
    response.on('close', () => closedAtMs.resolve(performance.now()));
    arrived.resolve();
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const caller = await openSocket(sidecar.port);
  caller.write(request);
  await arrived.promise;
  const leftAtMs = performance.now();
  caller.destroy();
  const tookMs = (await closedAtMs.promise) - leftAtMs;
  assert.ok(tookMs < atOnceMs, `${tookMs} ms`);
  await sleep(20);
  const [line] = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.deepEqual([line?.['ending'], line?.['status']], ['aborted', 499]);
});

test('a caller who leaves in the middle of an upload breaks off the upload', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  const upstream = await startUpstream(t, (incoming) => {
    incoming.once('data', () => arrived.resolve());
    incoming.on('end', () => ended.resolve('complete'));
    incoming.on('error', () => ended.resolve('broken off'));
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const caller = await openSocket(sidecar.port);
  caller.write(
    'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\n' +
      'content-length: 1000000\r\n\r\n--b\r\n',
  );
  await arrived.promise;
  caller.destroy();
  assert.equal(await ended.promise, 'broken off');
});

test('a caller who stops reading stops the upstream, and nothing piles up in the sidecar', async (t) => {
  let sentBytes = 0;
  const chunk = Buffer.alloc(65_536, 'x');
  const upstream = await startUpstream(t, (_incoming, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const send = () => {
      let wantsMore = true;
      while (wantsMore && !response.destroyed) {
        wantsMore = response.write(chunk);
        sentBytes += chunk.length;
      }
    };
    response.on('drain', send);
    send();
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const caller = await openSocket(sidecar.port);
  t.after(() => caller.destroy());
  caller.pause();
  caller.write('GET /v1/files/file-1/content HTTP/1.1\r\nhost: x\r\n\r\n');
  await sleep(500);
  const settledBytes = sentBytes;
  await sleep(300);
  assert.equal(sentBytes, settledBytes, 'the upstream must have come to a stop');
  // Four socket buffers of the kernel lie between; the sidecar itself holds at most a few chunks.
  assert.ok(settledBytes < 40_000_000, `${settledBytes} bytes`);
  caller.resume();
  await sleep(200);
  assert.ok(sentBytes > settledBytes, 'it must go on when the caller reads again');
});
