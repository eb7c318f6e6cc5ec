import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Reply, Sink } from '../../src/exchange.ts';
import { awaitBeginning } from '../../src/policies/await-beginning.ts';
import { type FakeClock, createFakeClock } from '../harness/fake-clock.ts';
import { callOf, chatCall } from '../resilience/retrying.ts';
import { textOf } from '../resilience/scripted-handler.ts';

interface Streaming {
  readonly reply: Promise<Reply>;
  readonly clock: FakeClock;
  readonly sink: Sink;
  /** Whether the reply is there. */
  isThere(): Promise<boolean>;
  write(text: string): boolean;
}

/** A stream that comes as the test says, through the policy. */
async function stream(call = chatCall(), headers: Record<string, string> = {}): Promise<Streaming> {
  const clock = createFakeClock();
  const sink = Promise.withResolvers<Sink>();
  const finished = Promise.withResolvers<never>();
  const reply = awaitBeginning(clock)(async () => ({
    status: 200,
    headers: { 'content-type': 'text/event-stream', ...headers },
    body(to) {
      sink.resolve(to);
      return { resume() {}, leave() {} };
    },
    finished: finished.promise,
  }))(call);
  let isThere = false;
  const there = () => void (isThere = true);
  reply.then(there, there);
  const to = await sink.promise;
  return {
    reply,
    clock,
    sink: to,
    write: (text) => to.write(Buffer.from(text)),
    async isThere() {
      await clock.advance(0);
      return isThere;
    },
  };
}

const delta = 'data: {"choices":[{"delta":{"content":"an error"}}]}\n\n';
const roleAlone =
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}]}\n\n';
const error = (body: object) => `data: ${JSON.stringify(body)}\n\n`;

test('a stream passes with its first event, and nothing is lost or changed', async () => {
  const held = await stream();
  held.write(delta.slice(0, 20));
  assert.equal(await held.isThere(), false);
  held.write(delta.slice(20));
  const reply = await held.reply;
  assert.equal(reply.toldError, undefined);
  const text = textOf(reply);
  held.write('data: [DONE]\n\n');
  held.sink.end();
  assert.equal(await text, `${delta}data: [DONE]\n\n`);
});

for (const [title, events, told] of [
  [
    'of a chat',
    error({ error: { message: 'x', type: 'server_error', code: 'slow_down' } }),
    { type: 'server_error', code: 'slow_down' },
  ],
  ['without a code', error({ error: { message: 'x', code: null } }), {}],
  ['behind a comment', `: hello\n\n${error({ error: { type: 'server_error' } })}`, { type: 'server_error' }],
  [
    'of a Response',
    `event: error\n${error({ type: 'error', code: 'server_error', message: 'x' })}`,
    { code: 'server_error' },
  ],
  [
    'behind the announcements of a Response',
    `event: response.created\n${error({ type: 'response.created' })}event: response.in_progress\n${error({ type: 'x' })}event: response.failed\n${error({ type: 'response.failed', response: { usage: null, error: { code: 'rate_limit_exceeded' } } })}`,
    { code: 'rate_limit_exceeded' },
  ],
  [
    'behind the role of a chat',
    `${roleAlone}${error({ error: { type: 'server_error', code: null } })}`,
    { type: 'server_error' },
  ],
] as const) {
  test(`an error ${title} that comes first is known, and passed on as it came`, async () => {
    const held = await stream(callOf('responses.create', { stream: true }));
    held.write(events);
    held.sink.end();
    const reply = await held.reply;
    assert.deepEqual(reply.toldError, told);
    assert.equal(await textOf(reply), events);
  });
}

for (const [title, events] of [
  ['a word of it in a text', delta],
  ['an error that is null', error({ choices: [], error: null })],
  [
    'a response that failed and tells what it used',
    `event: response.failed\n${error({ response: { usage: { total_tokens: 3 }, error: { code: 'server_error' } } })}`,
  ],
  ['an error behind the first token', `${delta}${error({ error: { type: 'server_error' } })}`],
  ['garbage', 'data: {]error\n\n'],
] as const) {
  test(`${title} is no failure`, async () => {
    const held = await stream();
    held.write(events);
    assert.equal((await held.reply).toldError, undefined);
  });
}

for (const [title, delta] of [
  ['content', { role: 'assistant', content: 'Hi' }],
  ['a call of a function', { role: 'assistant', content: null, tool_calls: [{}] }],
] as const) {
  test(`a role with ${title} is the first token`, async () => {
    const held = await stream();
    held.write(error({ choices: [{ delta, finish_reason: null }] }));
    assert.equal(await held.isThere(), true);
  });
}

test('announcements are held for a tenth of a second, and then passed on', async () => {
  const held = await stream(callOf('responses.create', { stream: true }));
  held.write(`event: response.created\n${error({ type: 'response.created' })}`);
  await held.clock.advance(99);
  assert.equal(await held.isThere(), false);
  await held.clock.advance(1);
  assert.equal(await held.isThere(), true);
});

test('a beginning without an end is not held for ever, nor without bound', async () => {
  const slow = await stream();
  slow.write('data: {');
  await slow.clock.advance(100);
  assert.equal(await slow.isThere(), true);
  const long = await stream();
  assert.equal(long.write('x'.repeat(70_000)), false, 'the upstream is asked to pause');
  assert.equal(await long.isThere(), true);
});

test('a stream that breaks off before its first event is no answer', async () => {
  const held = await stream();
  held.write('data: {"cho');
  held.sink.fail(new Error('reset'));
  await assert.rejects(held.reply, /reset/);
});

test('one that ends without an event is passed on', async () => {
  const held = await stream();
  held.sink.end();
  assert.equal(await textOf(await held.reply), '');
});

test('what breaks off behind the first event is a cut', async () => {
  const held = await stream();
  held.write(delta);
  held.sink.fail(new Error('reset'));
  await assert.rejects(textOf(await held.reply), /reset/);
});

test('what is no stream, or compressed, or nobody is charged for, is not held', async () => {
  for (const [call, headers] of [
    [chatCall(), { 'content-type': 'application/json' }],
    [chatCall(), { 'content-encoding': 'gzip' }],
    [callOf('files.content'), {}],
  ] as const) {
    const reply = {
      status: 200,
      headers: { 'content-type': 'text/event-stream', ...headers },
    } as unknown as Reply;
    assert.equal(await awaitBeginning(createFakeClock())(async () => reply)(call), reply);
  }
});
