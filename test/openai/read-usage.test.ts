import assert from 'node:assert/strict';
import { test } from 'node:test';

import { unknownOperation } from '../../src/openai/operations.ts';
import { createUsageReader } from '../../src/openai/read-usage.ts';
import type { Observed } from '../../src/openai/read-usage.ts';
import { cut } from './chunkings.ts';
import { named, read, usageOf } from './observed.ts';

const json = 'application/json; charset=utf-8';
const sse = 'text/event-stream; charset=utf-8';

const chatUsage = {
  prompt_tokens: 19,
  completion_tokens: 10,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 6, audio_tokens: 0 },
};
const responseUsage = {
  input_tokens: 19,
  input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
  output_tokens: 10,
  output_tokens_details: { reasoning_tokens: 6 },
  total_tokens: 29,
};
const detailed = usageOf(19, 10, { cachedInputTokens: 4, cacheWriteTokens: 3, reasoningTokens: 6 });
const response = (status: string, usage: unknown) => ({
  id: 'resp_1',
  object: 'response',
  status,
  model: 'gpt-5-mini',
  output: [
    { type: 'message', content: [{ text: 'the "usage":{"input_tokens":1} of it', usage: responseUsage }] },
  ],
  usage,
});
const run = (status: string, usage: unknown) => ({
  id: 'run_1',
  object: 'thread.run',
  status,
  model: 'gpt-4o',
  usage,
});
const runUsage = { prompt_tokens: 345, completion_tokens: 11, total_tokens: 356 };

const answers: readonly (readonly [title: string, operation: string, body: unknown, expected: Observed])[] = [
  [
    'a chat completion',
    'chat.completions.create',
    { id: 'chatcmpl-1', model: 'gpt-4o', choices: [{ usage: 1 }], usage: chatUsage },
    { id: 'chatcmpl-1', model: 'gpt-4o', usage: detailed },
  ],
  [
    'a legacy completion',
    'completions.create',
    {
      id: 'cmpl-1',
      model: 'm',
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    },
    { id: 'cmpl-1', model: 'm', usage: usageOf(5, 7) },
  ],
  [
    'embeddings, which have no output',
    'embeddings.create',
    {
      object: 'list',
      data: [{ embedding: [0.5] }],
      model: 'e',
      usage: { prompt_tokens: 8, total_tokens: 8 },
    },
    { model: 'e', usage: usageOf(8, 0) },
  ],
  [
    'a response',
    'responses.create',
    response('completed', responseUsage),
    { id: 'resp_1', model: 'gpt-5-mini', status: 'completed', usage: detailed },
  ],
  [
    'a background response that has not ended',
    'responses.retrieve',
    response('queued', null),
    { id: 'resp_1', model: 'gpt-5-mini', status: 'queued' },
  ],
  [
    'a compaction',
    'responses.compact',
    { id: 'resp_2', object: 'response.compaction', output: [], usage: responseUsage },
    { id: 'resp_2', usage: detailed },
  ],
  [
    'a run that has not ended',
    'threads.runs.create',
    run('queued', null),
    { id: 'run_1', model: 'gpt-4o', status: 'queued' },
  ],
  [
    'a run that waits for tools',
    'threads.runs.retrieve',
    run('requires_action', runUsage),
    { id: 'run_1', model: 'gpt-4o', status: 'requires_action', usage: usageOf(345, 11) },
  ],
  [
    'a run with cached tokens, under its singular name',
    'threads.createAndRun',
    run('completed', { ...runUsage, prompt_token_details: { cached_tokens: 300 } }),
    {
      id: 'run_1',
      model: 'gpt-4o',
      status: 'completed',
      usage: usageOf(345, 11, { cachedInputTokens: 300 }),
    },
  ],
  [
    'a batch',
    'batches.retrieve',
    { id: 'batch_1', status: 'completed', model: 'm', usage: responseUsage },
    { id: 'batch_1', status: 'completed', model: 'm', usage: detailed },
  ],
  [
    'an image',
    'images.generate',
    {
      created: 1,
      data: [{ b64_json: 'AAAA' }],
      usage: {
        input_tokens: 50,
        output_tokens: 50,
        total_tokens: 100,
        input_tokens_details: { text_tokens: 10 },
      },
    },
    { usage: usageOf(50, 50) },
  ],
  [
    'a transcription by tokens',
    'audio.transcriptions.create',
    { text: 'hi', usage: { type: 'tokens', input_tokens: 14, output_tokens: 45, total_tokens: 59 } },
    { usage: usageOf(14, 45) },
  ],
  [
    'a transcription by duration, which used no tokens that it tells of',
    'audio.transcriptions.create',
    { text: 'hi', usage: { type: 'duration', seconds: 9 } },
    {},
  ],
  [
    'a decision',
    'decisions.create',
    { answers: [], model: 'm', usage: responseUsage },
    { model: 'm', usage: detailed },
  ],
  ['an error', 'responses.create', { error: { message: 'no', code: null } }, {}],
];

for (const [title, name, body, expected] of answers) {
  test(`the usage of ${title} is read from JSON`, () => {
    for (const text of [JSON.stringify(body), JSON.stringify(body, null, 2)]) {
      for (const size of [1, 7, 10_000]) {
        assert.deepEqual(read(name, json, cut(Buffer.from(text), [size])), expected);
      }
    }
  });
}

const delta = { id: 'chatcmpl-1', model: 'gpt-4o', choices: [{ delta: { content: '"usage":{}' } }] };
const responseDelta = { type: 'response.output_text.delta', item_id: 'msg_1', delta: 'the "response":{' };

const streams: readonly (readonly [
  title: string,
  operation: string,
  events: readonly unknown[],
  expected: Observed,
])[] = [
  [
    'a chat completion with a last chunk of usage',
    'chat.completions.create',
    [delta, { ...delta, usage: null }, { ...delta, choices: [], usage: chatUsage }, '[DONE]'],
    { id: 'chatcmpl-1', model: 'gpt-4o', usage: detailed },
  ],
  [
    'a vendor that sends a growing usage on every chunk',
    'chat.completions.create',
    [1, 2, 3].map((tokens) => ({ ...delta, usage: { prompt_tokens: 5, completion_tokens: tokens } })),
    { id: 'chatcmpl-1', model: 'gpt-4o', usage: usageOf(5, 3) },
  ],
  [
    'a vendor that sends zeros at the end',
    'chat.completions.create',
    [
      { ...delta, usage: chatUsage },
      { ...delta, usage: { prompt_tokens: 0, completion_tokens: 0 } },
    ],
    { id: 'chatcmpl-1', model: 'gpt-4o', usage: detailed },
  ],
  [
    'a chat completion without usage',
    'chat.completions.create',
    [delta, delta, '[DONE]'],
    { id: 'chatcmpl-1', model: 'gpt-4o' },
  ],
  [
    'a legacy completion',
    'completions.create',
    [
      { id: 'cmpl-1', model: 'm', choices: [{ text: 'a' }] },
      { id: 'cmpl-1', model: 'm', choices: [], usage: chatUsage },
    ],
    { id: 'cmpl-1', model: 'm', usage: detailed },
  ],
  ...['completed', 'incomplete', 'failed', 'cancelled'].map(
    (status) =>
      [
        `a response that is ${status}`,
        'responses.create',
        [
          { type: 'response.created', response: response('in_progress', null) },
          responseDelta,
          { type: `response.${status}`, response: response(status, responseUsage) },
        ],
        { id: 'resp_1', model: 'gpt-5-mini', status, usage: detailed },
      ] as const,
  ),
  [
    'a response that failed and tells no usage',
    'responses.create',
    [{ type: 'response.failed', response: response('failed', null) }],
    { id: 'resp_1', model: 'gpt-5-mini', status: 'failed' },
  ],
  [
    'a resumed response, which begins in the middle',
    'responses.retrieve',
    [responseDelta, { type: 'response.completed', response: response('completed', responseUsage) }],
    { id: 'resp_1', model: 'gpt-5-mini', status: 'completed', usage: detailed },
  ],
  [
    'a run, not of its steps, and not their sum',
    'threads.createAndRun',
    [
      { id: 'thread_1', object: 'thread' },
      run('queued', null),
      {
        id: 'step_1',
        object: 'thread.run.step',
        status: 'completed',
        usage: { prompt_tokens: 900, completion_tokens: 1 },
      },
      run('requires_action', { prompt_tokens: 100, completion_tokens: 1 }),
      run('completed', runUsage),
      { id: 'msg_1', object: 'thread.message', metadata: { about: 'thread.run' }, usage: chatUsage },
      '[DONE]',
    ],
    { id: 'run_1', model: 'gpt-4o', status: 'completed', usage: usageOf(345, 11) },
  ],
  [
    'a run whose usage was larger before',
    'threads.runs.submitToolOutputs',
    [run('requires_action', runUsage), run('cancelled', null)],
    { id: 'run_1', model: 'gpt-4o', status: 'cancelled', usage: usageOf(345, 11) },
  ],
  [
    'an image',
    'images.edit',
    [
      { type: 'image_edit.partial_image', b64_json: 'AAAA' },
      {
        type: 'image_edit.completed',
        b64_json: 'A'.repeat(100_000),
        usage: { input_tokens: 5, output_tokens: 6, total_tokens: 11 },
      },
    ],
    { usage: usageOf(5, 6) },
  ],
  [
    'a transcription',
    'audio.transcriptions.create',
    [
      { type: 'transcript.text.delta', delta: 'a' },
      {
        type: 'transcript.text.done',
        text: 'a',
        usage: { type: 'tokens', input_tokens: 14, output_tokens: 45, total_tokens: 59 },
      },
    ],
    { usage: usageOf(14, 45) },
  ],
  [
    'speech',
    'audio.speech.create',
    [{ type: 'speech.audio.done', usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 } }],
    { usage: usageOf(14, 101) },
  ],
];

for (const [title, name, events, expected] of streams) {
  test(`the usage of ${title} is read from a stream`, () => {
    for (const end of ['\n', '\r\n']) {
      for (const size of [1, 13, 1_000_000]) {
        assert.deepEqual(read(name, sse, cut(Buffer.from(stream(events, end)), [size])), expected);
      }
    }
  });
}

test('blanks around a colon are no matter', () => {
  const text = `data: ${JSON.stringify({ ...delta, usage: chatUsage }).replaceAll(':', ' : ')}\n\n`;
  const twice = Buffer.from(`data: {"id":"chatcmpl-1"}\n\n${text}`);
  assert.deepEqual(read('chat.completions.create', sse, [twice]).usage, detailed);
});

test('a cut stream tells what is known so far', () => {
  const text = stream([delta, { ...delta, usage: { prompt_tokens: 5, completion_tokens: 1 } }], '\n');
  assert.deepEqual(read('chat.completions.create', sse, [Buffer.from(`${text}data: {"usage":{"prompt_to`)]), {
    id: 'chatcmpl-1',
    model: 'gpt-4o',
    usage: usageOf(5, 1),
  });
});

test('a last event without its blank line still counts', () => {
  const text = stream([{ ...delta, usage: chatUsage }], '\n').trimEnd();
  assert.deepEqual(read('chat.completions.create', sse, [Buffer.from(text)]).usage, detailed);
});

test('a reader is made only where usage can be read', () => {
  assert.equal(createUsageReader(unknownOperation, json), undefined);
  assert.equal(createUsageReader(named('files.list'), json), undefined);
  assert.equal(createUsageReader(named('responses.inputTokens.count'), json), undefined);
  assert.equal(createUsageReader(named('threads.runs.steps.list'), json), undefined);
  assert.equal(createUsageReader(named('audio.speech.create'), 'audio/mpeg'), undefined);
  assert.equal(createUsageReader(named('audio.transcriptions.create'), 'text/plain'), undefined);
  assert.ok(createUsageReader(named('responses.create'), undefined));
  assert.ok(createUsageReader(named('responses.create'), 'Application/JSON'));
});

function stream(events: readonly unknown[], end: string): string {
  const data = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
  return data.map((one) => `event: x${end}data: ${one}${end}${end}`).join('');
}
