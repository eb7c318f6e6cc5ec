import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createSeenOutput } from '../../src/openai/seen-output.ts';
import { cut } from './chunkings.ts';
import { named } from './observed.ts';

const sse = 'text/event-stream; charset=utf-8';
const chat = 'chat.completions.create';

function seenIn(name: string, chunks: readonly Uint8Array[], contentType = sse) {
  const seen = createSeenOutput(named(name), contentType);
  for (const chunk of chunks) seen.push(chunk);
  return seen;
}

function textsIn(name: string, events: readonly unknown[], sizes: readonly number[] = [1_000_000]): string[] {
  return seenIn(name, cut(Buffer.from(stream(events)), sizes)).texts();
}

function stream(events: readonly unknown[]): string {
  return events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('');
}

function chunk(index: number, delta: object) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: 'm',
    choices: [{ index, delta }],
    usage: null,
  };
}

const streams: readonly (readonly [title: string, name: string, events: unknown[], texts: string[]])[] = [
  [
    'a chat with several choices',
    chat,
    [
      chunk(0, { role: 'assistant', content: '' }),
      chunk(0, { content: 'Hel' }),
      chunk(1, { content: 'Bon' }),
      chunk(0, { content: 'lo' }),
      chunk(1, { content: 'jour' }),
      '[DONE]',
    ],
    ['Hello', 'Bonjour'],
  ],
  [
    'a refusal, and reasoning under the names of vendors',
    chat,
    [chunk(0, { refusal: 'No' }), chunk(0, { reasoning_content: 'Hm' }), chunk(0, { refusal: '.' })],
    ['No.', 'Hm'],
  ],
  [
    'calls of functions',
    chat,
    [
      chunk(0, {
        tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }],
      }),
      chunk(0, { tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] }),
      chunk(0, {
        tool_calls: [{ index: 1, id: 'c2', type: 'function', function: { name: 'g', arguments: '[' } }],
      }),
      chunk(0, { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
    ],
    ['f', '{"a":1}', 'g', '['],
  ],
  [
    'a legacy completion',
    'completions.create',
    [
      { choices: [{ index: 0, text: 'one ' }] },
      { choices: [{ index: 1, text: 'two' }] },
      { choices: [{ index: 0, text: 'more' }] },
    ],
    ['one more', 'two'],
  ],
  [
    'a response, once',
    'responses.create',
    [
      { type: 'response.created', response: { instructions: 'not this', output: [] } },
      { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'Think' },
      { type: 'response.output_item.added', output_index: 1, item: { type: 'function_call', name: 'f' } },
      { type: 'response.function_call_arguments.delta', output_index: 1, delta: '{}', obfuscation: 'zzz' },
      { type: 'response.function_call_arguments.done', output_index: 1, name: 'f', arguments: '{}' },
      {
        type: 'response.output_text.delta',
        output_index: 2,
        content_index: 0,
        delta: 'Hel',
        obfuscation: 'zz',
      },
      { type: 'response.output_text.delta', output_index: 2, content_index: 0, delta: 'lo' },
      { type: 'response.output_text.done', output_index: 2, content_index: 0, text: 'Hello' },
      { type: 'response.refusal.delta', output_index: 3, content_index: 0, delta: 'No' },
      { type: 'response.audio.delta', delta: 'UklGRg==' },
      { type: 'response.completed', response: { output: [{ content: [{ text: 'Hello' }] }] } },
    ],
    ['Think', 'f', '{}', 'Hello', 'No'],
  ],
  [
    'a run',
    'threads.runs.create',
    [
      { id: 'run_1', object: 'thread.run', instructions: 'not this', model: 'gpt-4o' },
      {
        id: 'msg_1',
        object: 'thread.message.delta',
        delta: {
          content: [{ index: 0, type: 'text', text: { value: 'Hel', annotations: [{ text: 'not this' }] } }],
        },
      },
      {
        id: 'msg_1',
        object: 'thread.message.delta',
        delta: { role: 'assistant', content: [{ index: 0, type: 'text', text: { value: 'lo' } }] },
      },
      {
        id: 'step_1',
        object: 'thread.run.step.delta',
        delta: {
          step_details: {
            type: 'tool_calls',
            tool_calls: [
              {
                index: 0,
                id: 'c1',
                type: 'function',
                function: { name: 'f', arguments: '{}', output: 'not this' },
              },
              {
                index: 1,
                type: 'code_interpreter',
                code_interpreter: { input: '1+1', outputs: [{ logs: 'no' }] },
              },
            ],
          },
        },
      },
      { id: 'msg_1', object: 'thread.message', content: [{ type: 'text', text: { value: 'Hello' } }] },
    ],
    ['Hello', 'f', '{}', '1+1'],
  ],
];

for (const [title, name, events, texts] of streams) {
  test(`the output of ${title} is seen, however the stream is cut`, () => {
    for (const sizes of [[1_000_000], [1], [7, 100]]) assert.deepEqual(textsIn(name, events, sizes), texts);
  });
}

test('an answer that is no stream, or of an operation without output, is not looked at', () => {
  const bytes = Buffer.from(stream([chunk(0, { content: 'x' })]));
  assert.deepEqual(seenIn(chat, [bytes], 'application/json').texts(), []);
  assert.deepEqual(seenIn('embeddings.create', [bytes]).texts(), []);
  assert.deepEqual(seenIn('files.list', [bytes]).texts(), []);
});

test('what a stream said up to its cut counts, and may be asked for in between', () => {
  const text = stream([chunk(0, { content: 'one' }), chunk(0, { content: ' two' })]);
  const seen = createSeenOutput(named(chat), sse);
  seen.push(Buffer.from(text.slice(0, text.indexOf('\n\n') + 2)));
  assert.deepEqual(seen.texts(), ['one']);
  seen.push(Buffer.from(text.slice(text.indexOf('\n\n') + 2)));
  seen.push(Buffer.from('data: {"choices":[{"index":0,"delta":{"content":" thr'));
  assert.deepEqual(seen.texts(), ['one two']);
});

test('a long stream is kept up to a megabyte, and counted in bytes beyond', () => {
  const seen = createSeenOutput(named(chat), sse);
  const delta = 'é'.repeat(5_000);
  const event = Buffer.from(stream([chunk(0, { content: delta })]));
  for (let count = 0; count < 300; count += 1) seen.push(event);
  const keptBytes = Buffer.byteLength(seen.texts().join(''));
  assert.ok(keptBytes <= 1_048_576 && keptBytes > 1_000_000);
  assert.equal(keptBytes + seen.unkeptBytes(), 300 * 10_000);
});

test('a stream that pretends to have many choices is still counted whole', () => {
  const events = Array.from({ length: 3_000 }, (_, index) => chunk(index, { content: 'x' }));
  const texts = textsIn(chat, events);
  assert.ok(texts.length <= 1_001);
  assert.equal(texts.join('').length, 3_000);
});

test('whatever the bytes, it does not throw, and how they are cut does not matter', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'data: ',
      '\n\n',
      '{',
      '[DONE]',
      '{"choices":null}',
      '{"choices":[1,{"delta":7}]}',
      '{"delta":{}}',
    ),
    fc
      .jsonValue()
      .map((value) => `data: ${JSON.stringify({ choices: [{ delta: value }], delta: value })}\n\n`),
    fc
      .jsonValue()
      .map((value) => `data: ${JSON.stringify({ type: 'a.delta', delta: value, item: value })}\n\n`),
  );
  const names = fc.constantFrom(chat, 'completions.create', 'responses.create', 'threads.runs.create');
  fc.assert(
    fc.property(names, fc.array(piece), fc.array(fc.nat({ max: 30 })), (name, pieces, sizes) => {
      const bytes = Buffer.from(pieces.join(''));
      assert.deepEqual(seenIn(name, cut(bytes, sizes)).texts(), seenIn(name, [bytes]).texts());
    }),
    { numRuns: 1000 },
  );
});
