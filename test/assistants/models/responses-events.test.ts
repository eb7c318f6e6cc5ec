import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { ModelEnding, ModelEvent } from '../../../src/assistants/models/model-call.ts';
import { createResponseReader } from '../../../src/assistants/models/responses/response-reader.ts';
import { createEventSplitter, readData } from '../../../src/openai/sse.ts';
import { chunked } from '../../openai/chunkings.ts';
import { assertInTurn, callsIn, joined, textOf } from './calls.ts';
import {
  type WireEvent,
  type WireItem,
  code,
  completed,
  created,
  functionCall,
  inProgress,
  itemEvents,
  message,
  output,
  reasoning,
  response,
  runUsage,
  search,
  sse,
  streamOf,
  textPart,
} from './response-fixtures.ts';

interface Read {
  events: ModelEvent[];
  ending: ModelEnding | undefined;
}

function read(stream: readonly WireEvent[]): Read {
  const events: ModelEvent[] = [];
  const reader = createResponseReader((event) => events.push(event));
  for (const event of stream) reader.read(Buffer.from(JSON.stringify(event)));
  assertInTurn(events);
  return { events, ending: reader.ending() };
}

const begun = { type: 'begun', upstreamId: 'resp_1' };
const done = { how: 'completed', usage: runUsage };
const carriedMessage = { type: 'carry', item: { type: 'message', id: 'msg_1' } };

test('a text is told as it comes', () => {
  const { events, ending } = read(streamOf(message(textPart('Hello'))));
  assert.deepEqual(events, [
    begun,
    { type: 'messageBegun' },
    { type: 'text', text: 'He' },
    { type: 'text', text: 'll' },
    { type: 'text', text: 'o' },
    { type: 'messageEnded' },
    carriedMessage,
  ]);
  assert.deepEqual(ending, done);
});

test('several parts of a message, refusals among them, are one message', () => {
  const { events } = read(
    streamOf(message(textPart('A'), textPart('B'), { type: 'refusal', refusal: 'No' })),
  );
  assert.deepEqual(events, [
    begun,
    { type: 'messageBegun' },
    { type: 'text', text: 'A' },
    { type: 'text', text: 'B' },
    { type: 'refusal', text: 'No' },
    { type: 'messageEnded' },
    carriedMessage,
  ]);
});

test('a function call is told by its call id, and carries its own', () => {
  const { events } = read(streamOf(functionCall));
  assert.deepEqual(joined(events), [
    begun,
    { type: 'functionCallBegun', callId: 'call_1', name: 'get_weather' },
    { type: 'arguments', callId: 'call_1', text: '{"city":"Rome"}' },
    { type: 'functionCallEnded', callId: 'call_1' },
    { type: 'carry', item: { type: 'function_call', id: 'fc_1', call_id: 'call_1' } },
  ]);
});

test('built-in tools are told with what they found and put out, and carried as input takes them', () => {
  const { events } = read(streamOf(search, code));
  assert.deepEqual(joined(events), [
    begun,
    {
      type: 'searchEnded',
      results: [
        {
          file_id: 'file-1',
          file_name: 'dragons.txt',
          score: 0.9,
          content: [{ type: 'text', text: 'They sleep.' }],
        },
      ],
    },
    { type: 'carry', item: search },
    { type: 'codeBegun' },
    { type: 'code', text: 'print(1)' },
    { type: 'codeEnded', outputs: [{ type: 'logs', logs: '1\n' }], containerId: 'cntr_1' },
    { type: 'carry', item: { ...code, outputs: [{ type: 'logs', logs: '1\n' }] } },
  ]);
});

test('a search whose results nobody told has none', () => {
  const { events } = read(streamOf({ ...search, results: null }));
  const { results: _, ...carried } = search;
  assert.deepEqual(events.slice(1), [
    { type: 'searchEnded', results: undefined },
    { type: 'carry', item: carried },
  ]);
});

test('reasoning is carried as input takes it, and nothing else is told of it', () => {
  const { status: _, ...carried } = reasoning;
  assert.deepEqual(read(streamOf(reasoning)).events, [begun, { type: 'carry', item: carried }]);
});

const cited = { type: 'file_citation', file_id: 'file-1', filename: 'a.txt', index: 5 };
const linked = {
  type: 'container_file_citation',
  file_id: 'cfile_1',
  container_id: 'cntr_1',
  filename: 'a.csv',
  start_index: 4,
  end_index: 9,
};

test('citations are told once, wherever they stand', () => {
  const part = textPart('See a.csv', [cited, linked]);
  const file = { type: 'file', fileId: 'cfile_1', containerId: 'cntr_1', name: 'a.csv', quote: 'a.csv' };
  const expected = [
    begun,
    { type: 'messageBegun' },
    { type: 'text', text: 'See a.csv' },
    { type: 'citation', fileId: 'file-1' },
    file,
    { type: 'messageEnded' },
    carriedMessage,
  ];
  const whole = streamOf(message(part));
  assert.deepEqual(joined(read(whole).events), expected);
  const without = (...types: string[]) => whole.filter(({ type }) => !types.includes(type));
  const unannounced = without('response.output_text.annotation.added');
  assert.deepEqual(joined(read(unannounced).events), expected);
  const onlyAtTheEnd = without('response.output_text.annotation.added', 'response.content_part.done');
  assert.deepEqual(joined(read(onlyAtTheEnd).events), expected);
});

test('the quote of a file waits for the text that it is in', () => {
  const stream = streamOf(message(textPart('See a.csv', [linked])));
  const announced = stream.findIndex(({ type }) => type === 'response.output_text.annotation.added');
  const [early] = stream.splice(announced, 1);
  stream.splice(4, 0, early!);
  const file = read(stream).events.find(({ type }) => type === 'file');
  assert.ok(file?.type === 'file' && file.quote === 'a.csv');
});

for (const [counted, length] of [
  ['code points', 1],
  ['code units', 2],
] as const) {
  test(`the quote of a file is found behind a 😀 by an upstream's ${counted}`, () => {
    const behind = { ...linked, start_index: length + 1, end_index: length + 6 };
    const { events } = read(streamOf(message(textPart('😀 a.csv and more', [behind]))));
    const file = events.find(({ type }) => type === 'file');
    assert.ok(file?.type === 'file' && file.quote === 'a.csv');
  });
}

test('a file outside of the text has no quote, and is told last; pages of the web are no files', () => {
  const outside = { ...linked, end_index: 99 };
  const nowhere = { ...linked, file_id: 'cfile_2', start_index: 0, end_index: 0 };
  const page = { type: 'url_citation', url: 'https://x.test', start_index: 0, end_index: 3, title: 'X' };
  const { events } = read(streamOf(message(textPart('See', [outside, nowhere, page]))));
  const files = events.filter(({ type }) => type === 'file' || type === 'citation');
  const file = { type: 'file', containerId: 'cntr_1', name: 'a.csv' };
  assert.deepEqual(files, [
    { ...file, fileId: 'cfile_2' },
    { ...file, fileId: 'cfile_1' },
  ]);
});

test('what deltas leave out is told from the events that repeat it', () => {
  const items = [message(textPart('Hello')), { ...functionCall, id: 'fc_2' }, code];
  const whole = streamOf(...items);
  const expected = joined(read(whole).events);
  const kinds = [...new Set(whole.map(({ type }) => type))].filter(
    (type) => type !== 'response.completed' && type !== 'response.created',
  );
  for (const left of [...kinds.map((kind) => [kind]), kinds]) {
    const { events, ending } = read(whole.filter(({ type }) => !left.includes(type)));
    assert.deepEqual(joined(events), expected, `without ${left.join()}`);
    assert.deepEqual(ending, done);
  }
});

test('an upstream that names its items anew in each event is understood by their indexes', () => {
  let count = 0;
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renamed);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, member]) =>
      key === 'item_id' || (key === 'id' && 'type' in value)
        ? [key, `id_${(count += 1)}`]
        : [key, renamed(member)],
    );
    return Object.fromEntries(entries);
  };
  const stream = streamOf(message(textPart('Hello')), functionCall);
  const { events } = read(stream.map((event) => renamed(event) as WireEvent));
  assert.equal(textOf(events), 'Hello');
  assert.deepEqual(callsIn(events), [
    { callId: 'call_1', name: 'get_weather', arguments: '{"city":"Rome"}' },
  ]);
});

test('an upstream that counts no items is understood by their ids', () => {
  for (const output_index of [0, undefined]) {
    const stream = streamOf(message(textPart('Hello')), functionCall).map((event) =>
      'output_index' in event ? { ...event, output_index } : event,
    );
    const { events } = read(stream);
    assert.equal(textOf(events), 'Hello');
    assert.equal(callsIn(events)[0]?.arguments, '{"city":"Rome"}');
    assert.equal(events.filter(({ type }) => type === 'messageBegun').length, 1);
  }
});

test('what the cap cuts is begun and not ended', () => {
  const cutCall = { ...functionCall, status: 'incomplete', arguments: '{"ci' };
  const items = [message(textPart('Hello')), cutCall];
  const stream = [
    ...streamOf(...items).slice(0, -1),
    {
      type: 'response.incomplete',
      response: response('incomplete', items, { incomplete_details: { reason: 'max_output_tokens' } }),
    },
  ];
  const { events, ending } = read(stream);
  assert.deepEqual(ending, { how: 'cut', usage: runUsage });
  assert.deepEqual(
    events.filter(({ type }) => type.endsWith('Ended')),
    [{ type: 'messageEnded' }],
  );
  assert.equal(callsIn(events)[0]?.arguments, '{"ci');
});

test('a content filter, a failure and an error are failures with their reasons', () => {
  const endingOf = (...last: WireEvent[]) => read([created, ...last]).ending;
  const filtered = response('incomplete', [], { incomplete_details: { reason: 'content_filter' } });
  assert.deepEqual(endingOf({ type: 'response.incomplete', response: filtered }), {
    how: 'failed',
    usage: runUsage,
    error: { code: 'server_error', message: "The upstream's content filter stopped the answer." },
  });
  const codes = {
    server_error: 'server_error',
    rate_limit_exceeded: 'rate_limit_exceeded',
    invalid_prompt: 'invalid_prompt',
    invalid_base64_image: 'invalid_prompt',
    vector_store_timeout: 'server_error',
  };
  for (const [code, expected] of Object.entries(codes)) {
    const error = { code, message: 'Sorry.' };
    const failed = endingOf({
      type: 'response.failed',
      response: response('failed', [], { error, usage: null }),
    });
    assert.deepEqual(failed, {
      how: 'failed',
      usage: undefined,
      error: { code: expected, message: 'Sorry.' },
    });
    const told = { ...error, type: 'error', param: null };
    assert.deepEqual(endingOf(told), failed);
    assert.deepEqual(endingOf({ type: 'error', error }), failed);
  }
});

test('an error tells how it ends, and a response that fails after it what it used', () => {
  const error = { code: 'server_error', message: 'Sorry.' };
  const failed = { type: 'response.failed', response: response('failed', [], { error }) };
  assert.deepEqual(read([created, { ...error, type: 'error' }, failed]).ending?.usage, runUsage);
});

test('what comes after the end is not heard', () => {
  const whole = streamOf(message(textPart('Hello')));
  const late = itemEvents({ ...message(textPart('Late')), id: 'msg_2' }, 1);
  assert.deepEqual(read([...whole, ...late]), read(whole));
});

test('events that are no JSON, no objects, or of unknown types are passed over', () => {
  const events: ModelEvent[] = [];
  const reader = createResponseReader((event) => events.push(event));
  const odd = [
    '[DONE]',
    '{',
    'null',
    '[]',
    '7',
    '""',
    '{}',
    '{"type":7}',
    '{"type":"response.output_item.added"}',
    '{"type":"response.output_item.done","item":{}}',
    '{"type":"response.completed"}',
    '{"type":"response.completed","response":7}',
    '{"type":"response.output_text.delta"}',
    '{"type":"response.content_part.done","output_index":0,"part":{"annotations":[null]}}',
    '{"type":"response.function_call_arguments.delta","output_index":9,"delta":"x"}',
  ];
  for (const data of odd) reader.read(Buffer.from(data));
  assert.deepEqual(
    events.filter(({ type }) => type !== 'messageBegun'),
    [],
  );
  assert.equal(reader.ending(), undefined);
});

/** What a response says, whatever the order of its events. */
function saidBy(items: readonly WireItem[]): ModelEvent[] {
  return joined(read([created, inProgress, completed(...items)]).events);
}

test('property: however the bytes of a stream are cut, the same is told', () => {
  const streams = output.map((items) => sse(streamOf(...items)));
  const whole = (bytes: Uint8Array[]) => {
    const events: ModelEvent[] = [];
    const reader = createResponseReader((event) => events.push(event));
    const splitter = createEventSplitter();
    for (const { bytes: event } of bytes.flatMap((chunk) => splitter.push(chunk))) {
      const data = readData(event);
      if (data) reader.read(data);
    }
    return { events, ending: reader.ending() };
  };
  fc.assert(
    fc.property(chunked(streams), ({ bytes, chunks }) => {
      assert.deepEqual(whole(chunks), whole([bytes]));
      assert.equal(whole(chunks).ending?.how, 'completed');
    }),
  );
});

test('property: deltas say what the whole response says', () => {
  fc.assert(
    fc.property(output, (items) => {
      assert.deepEqual(joined(read(streamOf(...items)).events), saidBy(items));
    }),
  );
});

test('property: items that come interleaved are told one after another, and completely', () => {
  const interleaved = fc.tuple(output, fc.infiniteStream(fc.nat({ max: 4 })));
  fc.assert(
    fc.property(interleaved, ([items, choices]) => {
      const queues = items.map((item, index) => itemEvents(item, index));
      const stream: WireEvent[] = [created];
      for (let left = queues.filter((queue) => queue.length > 0); left.length > 0;) {
        stream.push(left[choices.next().value! % left.length]!.shift()!);
        left = queues.filter((queue) => queue.length > 0);
      }
      const { events, ending } = read([...stream, completed(...items)]);
      const sorted = (told: readonly ModelEvent[]) =>
        joined(told)
          .map((event) => JSON.stringify(event))
          .toSorted();
      assert.deepEqual(sorted(events), sorted(saidBy(items)));
      assert.deepEqual(ending, done);
    }),
  );
});

test('property: a stream that loses events tells no call or text that the response has not', () => {
  const thinned = fc.tuple(output, fc.infiniteStream(fc.boolean()));
  fc.assert(
    fc.property(thinned, ([items, isLost]) => {
      const stream = streamOf(...items);
      const kept = stream.filter(({ type }) => type.endsWith('.delta') === false || !isLost.next().value);
      const names = (told: readonly ModelEvent[]) => told.filter(({ type }) => type.endsWith('Begun'));
      assert.deepEqual(names(read(kept).events), names(read(stream).events));
    }),
  );
});
