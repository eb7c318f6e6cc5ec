import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sendRaw } from '../harness/raw.ts';
import { sentOnce } from '../harness/sent-once.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startSocketUpstream } from '../harness/upstream.ts';

const body = JSON.stringify({ model: 'm', messages: [], stream: true });
const post = (version: string) =>
  `POST /v1/chat/completions HTTP/${version}\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n` +
  `content-length: ${body.length}\r\n\r\n${body}`;

const events = [
  'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n',
  'data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n',
  'data: [DONE]\n\n',
];
const chunks = events.map((event) => `${event.length.toString(16)}\r\n${event}\r\n`).join('');
const whole = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
/** Before that, what breaks off has not begun. */
const secondEvent = whole.indexOf(events[1]!);

test('a stream that breaks off at any byte is a 502 or a cut to the caller, never a clean end', async (t) => {
  let sentBytes = 0;
  let reset = false;
  const upstream = await startSocketUpstream(t, (socket) => {
    socket.once('data', () => {
      socket.write(whole.slice(0, sentBytes), () => {
        if (reset) socket.resetAndDestroy();
        else socket.end();
      });
    });
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, env: sentOnce });
  for (sentBytes = 0; sentBytes < whole.length; sentBytes += 1) {
    reset = sentBytes % 2 === 0;
    const answer = await sendRaw(sidecar.port, post('1.1'), 2000);
    const where = `cut at ${sentBytes} of ${whole.length}: ${answer.text}`;
    if (answer.status === 502) {
      assert.ok(sentBytes < secondEvent, where);
      assert.match(answer.body, /"code":"upstream_unreachable"/, where);
    } else {
      assert.equal(answer.status, 200, where);
      assert.ok(!answer.body.endsWith('0\r\n\r\n'), where);
      assert.notEqual(answer.connection, 'kept', where);
    }
  }
  const endings = new Set(sidecar.logLines().map((line) => line['ending']));
  assert.deepEqual([...endings].filter(Boolean).sort(), ['cut', 'refused']);
});

test('to a caller that speaks HTTP/1.0, where the end of the connection ends a body, a cut is a reset', async (t) => {
  const upstream = await startSocketUpstream(t, (socket) => {
    socket.once('data', () => {
      socket.write(whole.slice(0, secondEvent + 60));
      setTimeout(() => socket.destroy(), 50);
    });
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, env: sentOnce });
  const answer = await sendRaw(sidecar.port, post('1.0'), 2000);
  assert.deepEqual([answer.status, answer.connection], [200, 'reset']);
});
