import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createToolCallCounter } from '../../src/openai/tool-calls.ts';
import { cut } from './chunkings.ts';
import { read } from './observed.ts';

const json = 'application/json';
const sse = 'text/event-stream';

const types = ['web_search_call', 'file_search_call', 'code_interpreter_call', 'function_call', 'message'];

function response(items: readonly string[]) {
  const output = items.map((type) => ({ id: 'x', type, text: 'a "type":"web_search_call" in it' }));
  return { id: 'resp_1', tools: [{ type: 'web_search' }], output };
}

function countOf(items: readonly string[], type: string): number {
  return items.filter((item) => item === type).length;
}

test('calls are counted by kind, however the answer is cut and written', () => {
  const indents = fc.constantFrom(undefined, 2, '\t');
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...types), { maxLength: 8 }),
      indents,
      fc.array(fc.nat({ max: 90 })),
      (items, indent, sizes) => {
        const counter = createToolCallCounter();
        const bytes = Buffer.from(JSON.stringify(response(items), undefined, indent));
        for (const chunk of cut(bytes, sizes)) counter.push(chunk);
        const expected = {
          webSearch: countOf(items, 'web_search_call'),
          fileSearch: countOf(items, 'file_search_call'),
          codeInterpreter: countOf(items, 'code_interpreter_call'),
        };
        const isNone = Object.values(expected).every((calls) => calls === 0);
        assert.deepEqual(counter.end(), isNone ? undefined : expected);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a response tells its calls in JSON and in a stream, each once', () => {
  const items = ['web_search_call', 'message', 'web_search_call', 'code_interpreter_call'];
  const expected = { id: 'resp_1', toolCalls: { webSearch: 2, fileSearch: 0, codeInterpreter: 1 } };
  const body = JSON.stringify(response(items));
  assert.deepEqual(read('responses.create', json, [Buffer.from(body)]), expected);
  assert.deepEqual(read('responses.create', json, cut(Buffer.from(body), [5])), expected);
  const events = [
    { type: 'response.created', response: response([]) },
    ...items.map((type) => ({ type: 'response.output_item.done', item: { type } })),
    { type: 'response.completed', response: response(items) },
  ];
  const stream = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
  assert.deepEqual(read('responses.create', sse, [Buffer.from(stream)]), expected);
});

test('an answer tells the tier that served it, and a run its thread', () => {
  const chat = { id: 'c', model: 'm', service_tier: 'priority', choices: [] };
  const told = { id: 'c', model: 'm', serviceTier: 'priority' };
  assert.deepEqual(read('chat.completions.create', json, [Buffer.from(JSON.stringify(chat))]), told);
  const stream = Buffer.from(`data: ${JSON.stringify(chat)}\n\n`);
  assert.deepEqual(read('chat.completions.create', sse, [stream]), told);
  const run = {
    id: 'run_1',
    object: 'thread.run',
    thread_id: 'thread_1',
    status: 'queued',
    service_tier: null,
  };
  const runTold = { id: 'run_1', threadId: 'thread_1', status: 'queued' };
  assert.deepEqual(read('threads.runs.create', json, [Buffer.from(JSON.stringify(run))]), runTold);
  const runStream = Buffer.from(`event: thread.run.queued\ndata: ${JSON.stringify(run)}\n\n`);
  assert.deepEqual(read('threads.runs.create', sse, [runStream]), runTold);
});
