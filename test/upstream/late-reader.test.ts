import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Pool } from 'undici';

import type { Outcome, Reply } from '../../src/exchange.ts';
import { forward } from '../../src/upstream/forward.ts';
import { plainExchange } from '../harness/exchange.ts';
import { startSocketUpstream } from '../harness/upstream.ts';

/** A reply of which nobody has begun to read the body. */
async function replyOf(
  test: TestContext,
  answer: (socket: Socket) => void,
  signal = new AbortController().signal,
): Promise<Reply> {
  const upstream = await startSocketUpstream(test, (socket) => socket.once('data', () => answer(socket)));
  const dispatcher = new Pool(`http://127.0.0.1:${upstream.port}`);
  test.after(() => dispatcher.destroy());
  const identity = { dialect: 'openai', apiKey: () => '', organization: '', project: '' } as const;
  return forward({ baseUrl: upstream.url, identity, dispatcher })({ ...plainExchange(), signal });
}

function read({ body }: Reply): Promise<{ text: string; error?: Error }> {
  return new Promise((resolve) => {
    let text = '';
    body({
      write: (chunk) => {
        text += Buffer.from(chunk).toString();
        return true;
      },
      end: () => resolve({ text }),
      fail: (error) => resolve({ text, error }),
    });
  });
}

const head = 'HTTP/1.1 200 OK\r\nconnection: close\r\n';

test('a body whose connection has ended before anybody reads it is there, whole', async (t) => {
  const reply = await replyOf(t, (socket) => {
    socket.write(`${head}content-length: 10\r\n\r\n01234`);
    setTimeout(() => socket.end('56789'), 20);
  });
  await sleep(100);
  assert.deepEqual(await read(reply), { text: '0123456789' });
  assert.equal((await reply.finished).bodyBytes, 10);
});

test('a body that broke off before anybody reads it is there as far as it came, and ends in a cut', async (t) => {
  const reply = await replyOf(t, (socket) => socket.end(`${head}content-length: 10\r\n\r\n01234`));
  await sleep(100);
  const { text, error } = await read(reply);
  assert.equal(text, '01234');
  assert.ok(error);
  assert.equal((await reply.finished).ending, 'cut');
});

test('a body that nobody reads yet is not taken from the upstream', async (t) => {
  const size = 32 * 1024 * 1024;
  const sockets: Socket[] = [];
  const reply = await replyOf(t, (socket) => {
    sockets.push(socket);
    socket.write(`${head}content-length: ${size}\r\n\r\n`);
    socket.end(Buffer.alloc(size, 'x'));
  });
  await sleep(200);
  assert.ok(sockets[0]!.writableLength > size / 2, 'the upstream still holds most of it');
  const ended = once(sockets[0]!, 'close');
  assert.equal((await read(reply)).text.length, size);
  await ended;
});

test('what came before anybody read it is told of only when it has been read', async (t) => {
  const reply = await replyOf(t, (socket) => socket.end(`${head}content-length: 5\r\n\r\n01234`));
  let outcome: Outcome | undefined;
  void reply.finished.then((told) => (outcome = told));
  await sleep(100);
  assert.equal(outcome, undefined);
  assert.deepEqual(await read(reply), { text: '01234' });
  assert.equal((await reply.finished).ending, 'complete');
});

test('an answer whose caller leaves before it flows has ended, read or not', async (t) => {
  const caller = new AbortController();
  const answer = `${head}content-length: 5\r\n\r\n01234`;
  const reply = await replyOf(t, (socket) => socket.end(answer), caller.signal);
  await sleep(100);
  caller.abort();
  const { ending, bodyBytes } = await reply.finished;
  assert.deepEqual({ ending, bodyBytes }, { ending: 'aborted', bodyBytes: 5 });
});

test('a reader that asks for a pause gets no more than what had come, until it asks', async (t) => {
  const size = 1024 * 1024;
  const reply = await replyOf(t, (socket) => {
    socket.write(`${head}content-length: ${size}\r\n\r\n`);
    socket.end(Buffer.alloc(size, 'x'));
  });
  await sleep(100);
  let bytes = 0;
  let isPaused = true;
  const ended = new Promise<void>((resolve, reject) => {
    const flow = reply.body({
      write(chunk) {
        bytes += chunk.length;
        return !isPaused;
      },
      end: resolve,
      fail: reject,
    });
    setTimeout(() => {
      assert.ok(bytes > 0 && bytes < size / 2, `${bytes} bytes`);
      isPaused = false;
      flow.resume();
    }, 200);
  });
  await ended;
  assert.equal(bytes, size);
});
