import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGzip } from 'node:zlib';

import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

test('a stream that comes compressed, although it must not, is passed on as it comes', async (t) => {
  const firstRead = Promise.withResolvers<void>();
  const event = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n';
  const upstream = await startUpstream(t, async (request, response) => {
    assert.equal(request.headers['accept-encoding'], 'identity');
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    const gzip = createGzip();
    gzip.pipe(response);
    gzip.write(event);
    gzip.flush();
    await firstRead.promise;
    gzip.end(event);
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url });
  const answer = await fetch(`${sidecar.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages: [], stream: true }),
  });
  const text: string[] = [];
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text.push(chunk);
    firstRead.resolve();
  }
  assert.equal(text.join(''), event + event);
});
