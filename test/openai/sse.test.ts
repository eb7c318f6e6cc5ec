import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createEventSplitter, readData, readEvent } from '../../src/openai/sse.ts';
import type { EventSplitterOptions, StreamEvent, StreamPart } from '../../src/openai/sse.ts';
import { chunked } from './chunkings.ts';

test('an event is given out with the chunk that makes it whole', () => {
  const splitter = createEventSplitter();
  assert.deepEqual(texts(splitter.push(Buffer.from('data: a\n'))), []);
  assert.deepEqual(texts(splitter.push(Buffer.from('\ndata: b\n\nda'))), ['data: a\n\n', 'data: b\n\n']);
  assert.deepEqual(texts(splitter.push(Buffer.from('ta: c'))), []);
  assert.deepEqual(texts(splitter.end()), ['data: c']);
});

test('an LF in the next chunk belongs to the CR before it', () => {
  const splitter = createEventSplitter();
  assert.deepEqual(texts(splitter.push(Buffer.from('data: a\r\n\r'))), []);
  assert.deepEqual(texts(splitter.push(Buffer.from('\ndata: b\r\n\r\n'))), [
    'data: a\r\n\r\n',
    'data: b\r\n\r\n',
  ]);
  assert.deepEqual(splitter.end(), []);
});

test('an event that ends with its stream in a CR is whole', () => {
  const splitter = createEventSplitter();
  splitter.push(Buffer.from('data: a\r\r'));
  assert.deepEqual(splitter.end(), [{ bytes: Buffer.from('data: a\r\r'), isEvent: true }]);
});

test('what the end cut short is no event', () => {
  const splitter = createEventSplitter();
  splitter.push(Buffer.from('data: a\n'));
  assert.deepEqual(splitter.end(), [{ bytes: Buffer.from('data: a\n'), isEvent: false }]);
});

test('a byte order mark is no part of the first event', () => {
  const parts = createEventSplitter().push(Buffer.from('\ufeffdata: a\n\n'));
  assert.deepEqual(
    parts.map(({ isEvent, bytes }) => [isEvent, bytes.toString()]),
    [
      [false, '\ufeff'],
      [true, 'data: a\n\n'],
    ],
  );
});

test('an event over the cap passes as plain bytes at once, and the next is an event again', () => {
  const splitter = createEventSplitter({ maxEventBytes: 10 });
  const parts = ['data: 12', '345', '678\n', '\nda', 'ta: a\n\n'].map((text) =>
    splitter.push(Buffer.from(text)),
  );
  assert.deepEqual(parts.map(texts), [[], ['data: 12', '345'], ['678\n'], ['\n'], ['data: a\n\n']]);
  assert.deepEqual(
    parts.flat().map(({ isEvent }) => isEvent),
    [false, false, false, false, true],
  );
});

const events: readonly (readonly [title: string, text: string, expected: StreamEvent])[] = [
  ['an event has a name and data', 'event: a\ndata: b\n\n', { event: 'a', data: 'b' }],
  ['only one blank after the colon is dropped', 'data:  b \n\n', { event: 'message', data: ' b ' }],
  ['no blank is needed', 'event:a\ndata:b\n\n', { event: 'a', data: 'b' }],
  ['data lines are joined', 'data: a\ndata\ndata: b\n\n', { event: 'message', data: 'a\n\nb' }],
  ['a field without a colon is empty', 'data\n\n', { event: 'message', data: '' }],
  [
    'comments and other fields say nothing',
    ': hi\nretry: 5\ndatax: 1\n data: 2\n\n',
    { event: 'message', data: undefined },
  ],
  ['the last name wins', 'event: a\nevent\ndata: b\n\n', { event: 'message', data: 'b' }],
  ['an id is told', 'id: 7\ndata: b\n\n', { event: 'message', id: '7', data: 'b' }],
  ['an id with a zero is ignored', 'id: 7\0\ndata: b\n\n', { event: 'message', data: 'b' }],
  ['lines may end with CRLF', 'event: a\r\ndata: b\r\ndata: c\r\n\r\n', { event: 'a', data: 'b\nc' }],
  ['lines may end with CR', 'event: a\rdata: b\rdata: c\r\r', { event: 'a', data: 'b\nc' }],
];

for (const [title, text, expected] of events) {
  test(title, () => {
    const bytes = Buffer.from(text);
    assert.deepEqual(readEvent(bytes), expected);
    assert.equal(readData(bytes)?.toString(), expected.data);
  });
}

test('data on one line is given without a copy', () => {
  const bytes = Buffer.from('data: abc\n\n');
  assert.equal(readData(bytes)?.buffer, bytes.buffer);
});

const fields = [
  'data',
  'data:',
  'data: ',
  'event: ',
  'id: ',
  ':',
  ' ',
  'x',
  'é',
  '\0',
  '\ufeff',
  '{"usage":null}',
];
const lineEnds = ['\n', '\n', '\r\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r', '\n\r'];
const streamText = fc.constantFrom(...fields, ...lineEnds);
const likely = fc
  .array(streamText, { maxLength: 24 })
  .map((parts) => new Uint8Array(Buffer.from(parts.join(''))));
const arbitrary = fc.uint8Array({ maxLength: 40 });

for (const [kind, bytes, numRuns] of [
  ['likely', likely, 25_000],
  ['any', arbitrary, 10_000],
] as const) {
  test(`a stream of ${kind} bytes is split and read as the specification says, however it is cut`, () => {
    fc.assert(
      fc.property(chunked(bytes), ({ bytes: whole, chunks }) => {
        const parts = split(chunks);
        assert.deepEqual(Buffer.concat(parts.map((part) => part.bytes)), Buffer.from(whole));
        const said = parts.filter(({ isEvent }) => isEvent).map((part) => readEvent(part.bytes));
        assert.deepEqual(
          said.filter(({ data }) => data !== undefined),
          referenceEvents(Buffer.from(whole).toString()),
        );
      }),
      { numRuns },
    );
  });
}

test('the cap takes away the larger events and no others, however the stream is cut', () => {
  fc.assert(
    fc.property(chunked(likely), fc.nat({ max: 20 }), ({ bytes: whole, chunks }, maxEventBytes) => {
      const parts = split(chunks, { maxEventBytes });
      assert.deepEqual(Buffer.concat(parts.map((part) => part.bytes)), Buffer.from(whole));
      const hasMark = Buffer.from(whole).toString().startsWith('\ufeff');
      const expected = eventsOf(split([whole])).filter((text, index) => {
        const markBytes = hasMark && index === 0 ? 3 : 0;
        return Buffer.byteLength(text) + markBytes <= maxEventBytes;
      });
      assert.deepEqual(eventsOf(parts), expected);
    }),
    { numRuns: 15_000 },
  );
});

function split(chunks: readonly Uint8Array[], options?: EventSplitterOptions): StreamPart[] {
  const splitter = createEventSplitter(options);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

function eventsOf(parts: readonly StreamPart[]): string[] {
  return texts(parts.filter(({ isEvent }) => isEvent));
}

function texts(parts: readonly StreamPart[]): string[] {
  return parts.map(({ bytes }) => bytes.toString());
}

/** The specification's own steps, on the whole text: WHATWG HTML, 9.2.6. */
function referenceEvents(text: string): StreamEvent[] {
  const dispatched: StreamEvent[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  lines.pop();
  let data = '';
  let event = '';
  let id: string | undefined;
  for (const line of lines) {
    if (line === '') {
      if (data !== '') {
        const idMember = id === undefined ? {} : { id };
        dispatched.push({ event: event || 'message', ...idMember, data: data.replace(/\n$/, '') });
      }
      data = '';
      event = '';
      id = undefined;
      continue;
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'data') data += `${value}\n`;
    if (name === 'event') event = value;
    if (name === 'id' && !value.includes('\0')) id = value;
  }
  return dispatched;
}
