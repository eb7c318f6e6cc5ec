import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ProxyError } from '../../src/errors.ts';
import { createFakeClock } from '../harness/fake-clock.ts';
import { callOf, chatCall, fallback, retrying, settle } from './retrying.ts';
import { type Step, failures, scriptedHandler } from './scripted-handler.ts';

const ok: Step = { status: 200 };

function twoUpstreams(first: readonly Step[], second: readonly Step[]) {
  const clock = createFakeClock();
  const primary = scriptedHandler(...first);
  const eu = scriptedHandler(...second);
  const policy = retrying(primary.handler, { fallbacks: [fallback('eu', eu.handler, clock)] }, clock);
  return { ...policy, primary, eu };
}

test('a call that comes to nothing goes to the next upstream at once', async () => {
  for (const failure of ['no connection', 'a rate limit', 'a server error', 'an exhausted quota'] as const) {
    const { handler, clock, primary, eu } = twoUpstreams([failures[failure]], [ok]);
    const reply = await settle(clock, handler(chatCall()));
    assert.deepEqual([reply.status, primary.sent.length, eu.sent.length, clock.sleptMs], [200, 1, 1, []]);
    assert.equal((await reply.finished).fallback, 'eu');
  }
});

test('one that may have run goes nowhere else', async () => {
  const { handler, clock, eu } = twoUpstreams([failures['a bad gateway']], [ok]);
  assert.equal((await settle(clock, handler(chatCall()))).status, 502);
  assert.equal(eu.sent.length, 0);
});

test('all upstreams share the attempts: the first is asked again after a pause, and then it is enough', async () => {
  const { handler, clock, primary, eu } = twoUpstreams(
    [failures['a server error']],
    [failures['a server error']],
  );
  assert.equal((await settle(clock, handler(chatCall()))).status, 500);
  assert.deepEqual([primary.sent.length, eu.sent.length, clock.sleptMs], [2, 1, [250]]);
});

test('one whose circuit is open is passed over, and costs no attempt', async () => {
  const open = new ProxyError('circuit_open', { headers: { 'retry-after': '5' } });
  const { handler, clock, eu } = twoUpstreams(
    [open],
    [failures['a server error'], failures['a server error'], ok],
  );
  assert.equal((await settle(clock, handler(chatCall()))).status, 200);
  assert.equal(eu.sent.length, 3);
});

test('where every circuit is open the caller is told so, at once', async () => {
  const open = new ProxyError('circuit_open', { headers: { 'retry-after': '5' } });
  const { handler, clock } = twoUpstreams([open], [open]);
  await assert.rejects(settle(clock, handler(chatCall())), (error: ProxyError) => {
    assert.deepEqual(error.headers, { 'retry-after': '5' });
    return error.code === 'circuit_open';
  });
  assert.deepEqual(clock.sleptMs, []);
});

test('what one upstream said is kept when the other turns the call away', async () => {
  const open = new ProxyError('circuit_open');
  const { handler, clock } = twoUpstreams([failures['an exhausted quota']], [open]);
  assert.equal((await settle(clock, handler(chatCall()))).status, 429);
});

test('while an upstream asks for a pause, the calls for that model begin at the other one', async () => {
  const limited = { ...failures['a rate limit'], headers: { 'retry-after': '20' } };
  const { handler, clock, primary, eu } = twoUpstreams([limited, ok], [ok]);
  await settle(clock, handler(chatCall()));
  await settle(clock, handler(chatCall()));
  assert.deepEqual([primary.sent.length, eu.sent.length], [1, 2]);
  await settle(clock, handler(callOf('chat.completions.create', { model: 'gpt-5', messages: [] })));
  assert.equal(primary.sent.length, 2, 'another model is not affected');
  await clock.advance(20_000);
  await settle(clock, handler(chatCall()));
  assert.equal(primary.sent.length, 3);
});

test('an upstream that asks for too long a pause is passed over, and the others are asked on', async () => {
  const clock = createFakeClock();
  const primary = scriptedHandler({ ...failures['a rate limit'], headers: { 'retry-after': '30' } });
  const eu = scriptedHandler(failures['a server error'], failures['a server error'], ok);
  const fallbacks = [fallback('eu', eu.handler, clock)];
  const { handler } = retrying(primary.handler, { fallbacks, maxAttempts: 5 }, clock);
  assert.equal((await settle(clock, handler(chatCall()))).status, 200);
  assert.deepEqual([primary.sent.length, eu.sent.length], [1, 3]);
});

const message = (content: unknown) => ({ model: 'gpt-4o', messages: [{ role: 'user', content }] });

for (const [title, name, body] of [
  ['a Response that is kept', 'responses.create', { model: 'm', input: 'Hi' }],
  [
    'one that goes on from another',
    'responses.create',
    { model: 'm', store: false, input: 'Hi', previous_response_id: 'resp_1' },
  ],
  [
    'one in a conversation',
    'responses.create',
    { model: 'm', store: false, input: 'Hi', conversation: 'conv_1' },
  ],
  ['one in the background', 'responses.create', { model: 'm', store: false, background: true, input: 'Hi' }],
  [
    'one with a file',
    'responses.create',
    {
      model: 'm',
      store: false,
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }],
    },
  ],
  [
    'one that searches files',
    'responses.create',
    { model: 'm', store: false, input: 'Hi', tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] },
  ],
  [
    'one in a container',
    'responses.create',
    { model: 'm', store: false, input: 'Hi', tools: [{ type: 'code_interpreter', container: 'cntr_1' }] },
  ],
  [
    'one with sealed reasoning',
    'responses.create',
    { model: 'm', store: false, input: [{ type: 'reasoning', encrypted_content: 'x' }] },
  ],
  [
    'one with a stored item',
    'responses.create',
    { model: 'm', store: false, input: [{ type: 'item_reference', id: 'msg_1' }] },
  ],
  ['a chat that is stored', 'chat.completions.create', { ...message('Hi'), store: true }],
  ['a chat with a file', 'chat.completions.create', message([{ type: 'file', file: { file_id: 'file-1' } }])],
  [
    'a chat with earlier speech',
    'chat.completions.create',
    { model: 'm', messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] },
  ],
  [
    'a chat of a fine-tuned model',
    'chat.completions.create',
    { ...message('Hi'), model: 'ft:gpt-4o:acme::1' },
  ],
  ['a new conversation', 'conversations.create', {}],
  ['a new vector store', 'vectorStores.create', {}],
  ['a batch', 'batches.create', { input_file_id: 'file-1' }],
  ['a look-up', 'responses.retrieve', undefined],
] as const) {
  test(`a fallback is not for ${title}`, async () => {
    const { handler, clock, eu } = twoUpstreams([failures['a server error']], [ok]);
    assert.equal((await settle(clock, handler(callOf(name, body)))).status, 500);
    assert.equal(eu.sent.length, 0);
  });
}

for (const [title, name, body] of [
  ['a chat', 'chat.completions.create', message('prompt and conversation')],
  [
    'a chat with a picture',
    'chat.completions.create',
    message([{ type: 'image_url', image_url: { url: 'data:' } }]),
  ],
  [
    'a chat whose functions are called like state',
    'chat.completions.create',
    {
      ...message('Hi'),
      tools: [
        {
          type: 'function',
          function: { name: 'f', parameters: { properties: { file_id: {}, prompt: {} } } },
        },
      ],
    },
  ],
  ['a Response that is not kept', 'responses.create', { model: 'm', store: false, input: 'Hi' }],
  ['embeddings', 'embeddings.create', { model: 'm', input: 'Hi' }],
  ['a moderation', 'moderations.create', { input: 'Hi' }],
  ['a picture', 'images.generate', { prompt: 'Hi' }],
  ['speech', 'audio.speech.create', { input: 'Hi' }],
] as const) {
  test(`a fallback is for ${title}`, async () => {
    const { handler, clock, eu } = twoUpstreams([failures['a server error']], [ok]);
    assert.equal((await settle(clock, handler(callOf(name, body)))).status, 200);
    assert.equal(eu.sent.length, 1);
  });
}
