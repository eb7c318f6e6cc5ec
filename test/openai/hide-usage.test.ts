import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createUsageHider } from '../../src/openai/hide-usage.ts';
import { chunked, cut } from './chunkings.ts';

const removals: readonly (readonly [title: string, data: string, expected: string])[] = [
  ['the last member', '{"id":"a","usage":null}', '{"id":"a"}'],
  ['a member in between', '{"id":"a","usage":null,"x":1}', '{"id":"a","x":1}'],
  ['the first member', '{"usage":null,"id":"a"}', '{"id":"a"}'],
  ['the only member', '{"usage":null}', '{}'],
  ['a member among blanks', '{ "id": "a", "usage": null, "x": 1 }', '{ "id": "a", "x": 1 }'],
  ['the first member among blanks', '{ "usage": null, "x": 1 }', '{ "x": 1 }'],
  ['not a string that looks like it', '{"a":",\\"usage\\":null","usage":null}', '{"a":",\\"usage\\":null"}'],
  ['not a member of an inner object', '{"a":{"usage":null},"usage":null}', '{"a":{"usage":null}}'],
  ['only the inner one, so nothing', '{"a":[{"usage":null}]}', '{"a":[{"usage":null}]}'],
  [
    'not usage beside choices',
    '{"choices":[{}],"usage":{"total_tokens":1}}',
    '{"choices":[{}],"usage":{"total_tokens":1}}',
  ],
  ['not usage without choices', '{"usage":{"total_tokens":1}}', '{"usage":{"total_tokens":1}}'],
  [
    'null beside empty choices, but not the chunk',
    '{"choices":[],"usage":null,"x":1}',
    '{"choices":[],"x":1}',
  ],
  [
    'not a value that is a string',
    '{"a":"usage","b":"\\"usage\\":null"}',
    '{"a":"usage","b":"\\"usage\\":null"}',
  ],
  ['nothing of what is no JSON', '{"a":[}"usage":nul', '{"a":[}"usage":nul'],
];

for (const [title, data, expected] of removals) {
  test(`what is hidden is ${title}`, () => {
    for (const end of ['\n\n', '\r\n\r\n', '\r\r']) {
      assert.equal(
        hide([Buffer.from(`event: x${end[0]}data: ${data}${end}`)]),
        `event: x${end[0]}data: ${expected}${end}`,
      );
    }
  });
}

test('the chunk that has usage and no choices is hidden whole', () => {
  const usage =
    'data: {"id":"a","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n';
  assert.equal(
    hide([Buffer.from(`data: {"choices":[{}]}\n\n${usage}data: [DONE]\n\n`)]),
    'data: {"choices":[{}]}\n\ndata: [DONE]\n\n',
  );
});

test('each event is passed on as soon as it is whole', () => {
  const hider = createUsageHider(() => {});
  const passed = (text: string) =>
    hider.push(Buffer.from(text)).map((bytes) => Buffer.from(bytes).toString());
  assert.deepEqual(passed('data: {"id":1,"usa'), []);
  assert.deepEqual(passed('ge":null}\n\ndata: 2\n'), ['data: {"id":1}\n\n']);
  assert.deepEqual(passed('\n'), ['data: 2\n\n']);
});

test('an event that the end cut short is passed on as it is', () => {
  assert.equal(hide([Buffer.from('data: {"id":1,"usage":null}\n')]), 'data: {"id":1,"usage":null}\n');
});

const anyJson = fc.jsonValue({ maxDepth: 2 });
const text = fc.oneof(fc.string(), fc.constantFrom('"usage":null', ',"usage":null}', '\n"usage"', 'é"\\'));
const choice = fc.record({ index: fc.nat(), delta: fc.record({ content: text }), extra: anyJson });
const chunk = fc.record({
  id: text,
  choices: fc.array(choice, { minLength: 1, maxLength: 2 }),
  nested: fc.constantFrom(1, { usage: null }),
});

test('the caller gets, byte for byte, the stream without include_usage', () => {
  const stream = fc.record({
    chunks: fc.array(fc.tuple(chunk, fc.nat({ max: 3 })), { maxLength: 5 }),
    end: fc.constantFrom('\n', '\r\n', '\r'),
    gap: fc.constantFrom('', ' '),
    comment: fc.constantFrom('', ': ping'),
    sizes: fc.array(fc.nat({ max: 30 }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(stream, ({ chunks, end, gap, comment, sizes }) => {
      const event = (data: string) => `${comment && comment + end + end}data: ${data}${end}${end}`;
      const plain = chunks.map(([one]) => event(render(Object.entries(one), gap)));
      const asked = chunks.map(([one, at]) => {
        const entries: [string, unknown][] = Object.entries(one);
        entries.splice(at, 0, ['usage', null]);
        return event(render(entries, gap));
      });
      const done = event('[DONE]');
      // The comment in front of the extra chunk is an event of its own.
      const extra = event(
        render(
          [
            ['choices', []],
            ['usage', { total_tokens: 1 }],
          ],
          gap,
        ),
      );
      const extraLeaves = comment && comment + end + end;
      const bytes = Buffer.from([...asked, extra, done].join(''));
      assert.equal(hide(cut(bytes, sizes)), [...plain, extraLeaves, done].join(''));
    }),
    { numRuns: 15_000 },
  );
});

const members = [
  'data: {"usage":null}',
  '"usage":null',
  ',"usage":null',
  '{"choices":[],"usage":{}}',
  '"usage"',
  '{"a":',
];
const marks = ['}', ',', 'data: ', '\n', '\r', '\n\n', '\r\n\r\n', ' ', '[]', '\\', '"', 'é', '\ufeff'];
const pieces = fc.constantFrom(...members, ...marks);
const bytes = fc.array(pieces, { maxLength: 20 }).map((parts) => new Uint8Array(Buffer.from(parts.join(''))));

test('whatever the bytes, the result does not depend on how they are cut', () => {
  fc.assert(
    fc.property(chunked(bytes), ({ bytes: whole, chunks }) => {
      const hidden = hide(chunks);
      assert.equal(hidden, hide([whole]));
      if (!Buffer.from(whole).includes('"usage"')) assert.equal(hidden, Buffer.from(whole).toString());
    }),
    { numRuns: 15_000 },
  );
});

function hide(chunks: readonly Uint8Array[]): string {
  const hider = createUsageHider(() => {});
  return Buffer.concat([...chunks.flatMap((one) => hider.push(one)), ...hider.end()]).toString();
}

function render(entries: readonly (readonly [string, unknown])[], gap: string): string {
  const rendered = entries.map(([key, value]) => `${JSON.stringify(key)}:${gap}${JSON.stringify(value)}`);
  return `{${rendered.join(`,${gap}`)}}`;
}
