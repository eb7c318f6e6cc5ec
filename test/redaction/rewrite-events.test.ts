import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { unknownOperation } from '../../src/openai/operations.ts';
import { createEventSplitter, readEvent } from '../../src/openai/sse.ts';
import { createEventRewriter } from '../../src/redaction/answers/rewrite-events.ts';
import { settleFindings } from '../../src/redaction/answers/settle-findings.ts';
import { settleOriginals } from '../../src/redaction/answers/settle-originals.ts';
import type { Settler } from '../../src/redaction/answers/settle.ts';
import { editWhole } from '../../src/redaction/answers/text-channel.ts';
import { applyEdits } from '../../src/redaction/edits.ts';
import { placeOf } from '../../src/redaction/where.ts';
import { cut } from '../openai/chunkings.ts';
import { operationNamed } from './operation-named.ts';
import { findPlain, redactPlain } from './plain-findings.ts';
import {
  type Writer,
  type Written,
  assistantEvents,
  chatChunks,
  responseEvents,
  sideBySide,
} from './streams.ts';

const place = placeOf(operationNamed('responses.create'));
const originals = new Map([
  ['<EMAIL_1>', 'a@b.example'],
  ['<EMAIL_12>', 'c@d.example'],
  ['<SECRET_1>', 'say "é"\\\n'],
]);
const restoring = settleOriginals(originals);
const redacting = settleFindings(findPlain, 40);

function encode(events: readonly object[], end = '\n', comment = ''): Buffer {
  const encoded = events.map((event) => `${comment}event: x${end}data: ${JSON.stringify(event)}${end}${end}`);
  return Buffer.from(`${encoded.join('')}data: [DONE]${end}${end}`);
}

function run(settler: Settler, chunks: readonly Uint8Array[]): Buffer {
  const rewriter = createEventRewriter(settler, place);
  return Buffer.concat([...chunks.flatMap((chunk) => rewriter.push(chunk)), ...rewriter.end()]);
}

function decode(bytes: Buffer): object[] {
  const splitter = createEventSplitter();
  return [...splitter.push(bytes), ...splitter.end()]
    .map((part) => readEvent(part.bytes).data)
    .filter((data) => data !== undefined && data !== '[DONE]')
    .map((data) => JSON.parse(data!) as object);
}

function texts(written: readonly Written[], rewrite: (text: string) => string): Record<string, string> {
  return Object.fromEntries(written.map(({ pieces }, at) => [at, rewrite(pieces.join(''))]));
}

function written(kind: Written['kind'], text: string, size: number): Written {
  const units = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  return { kind, pieces: units };
}

const writers: readonly (readonly [name: string, writer: Writer])[] = [
  ['chat completion chunks', chatChunks],
  ['completion chunks of several choices', sideBySide],
  ['events of a Response', responseEvents],
  ["Assistants' events", assistantEvents],
];

for (const [name, writer] of writers) {
  test(`${name}: a placeholder is restored wherever its deltas are cut`, () => {
    const text = 'Dear <EMAIL_1>, not < EMAIL 12 > nor [email_1], but \\<EMAIL\\_12\\>!';
    for (let size = 1; size < 20; size += 1) {
      const all = [written('text', text, size), written('text', 'x <EMAIL_1', size)];
      const events = decode(run(restoring, [encode(writer.events(all))]));
      const expected = {
        0: 'Dear a@b.example, not c@d.example nor a@b.example, but c@d.example!',
        1: 'x a@b.example',
      };
      assert.deepEqual(writer.joined(events), expected);
      if (writer.whole !== chatChunks.whole && writer !== sideBySide)
        assert.deepEqual(writer.whole(events), expected);
    }
  });

  test(`${name}: events keep their number, their order and all but their texts`, () => {
    const all = [written('text', '<EMAIL_1> and <EMAIL_12>', 2)];
    const before = writer.events(all);
    const blank = (events: readonly object[]): unknown =>
      JSON.parse(JSON.stringify(events).replace(/"(delta|text|value|reasoning_\d)":"[^"]*"/g, '"$1":""'));
    assert.deepEqual(blank(decode(run(restoring, [encode(before)]))), blank(before));
  });

  test(`${name}: what is found is redacted wherever its deltas are cut`, () => {
    const text = `${'word '.repeat(30)}4111 1111 1111 1111 ${'word '.repeat(7)}a.b@c.example`;
    for (let size = 1; size < 30; size += 1) {
      const all = [written('text', text, size), written('text', 'x a@b.example', size)];
      const events = decode(run(redacting, [encode(writer.events(all))]));
      assert.deepEqual(writer.joined(events), texts(all, redactPlain));
    }
  });
}

for (const writer of [chatChunks, responseEvents]) {
  const title = writer === chatChunks ? 'chat' : 'Responses';
  test(`${title}: an original is escaped where it goes into arguments`, () => {
    const args = JSON.stringify({ 'to\n': '<SECRET_1>', 'x"': ['<EMAIL_1>', '\\u'], n: 1 });
    const spelled = args.replace('<EMAIL_1>', '\\u003cEMAIL_1\\u003E');
    for (let size = 1; size < 20; size += 1) {
      const events = decode(run(restoring, [encode(writer.events([written('arguments', spelled, size)]))]));
      const expected = { 'to\n': 'say "é"\\\n', 'x"': ['a@b.example', '\\u'], n: 1 };
      const [joined = ''] = Object.values(writer.joined(events));
      assert.deepEqual(JSON.parse(joined), expected);
      assert.equal(writer.whole(events)[0] ?? joined, joined);
    }
  });

  test(`${title}: arguments stay JSON where they are redacted, numbers and escapes included`, () => {
    const args =
      '{"card":4111111111111111,"list":["a\\u0040b.example","4111 1111","1111 1111"],"n":[1.0, -2]}';
    for (let size = 1; size < 20; size += 1) {
      const events = decode(run(redacting, [encode(writer.events([written('arguments', args, size)]))]));
      const [joined = ''] = Object.values(writer.joined(events));
      assert.deepEqual(JSON.parse(joined), {
        card: '[CREDIT_CARD]',
        list: ['[EMAIL]', '4111 1111', '1111 1111'],
        n: [1, -2],
      });
      assert.equal(writer.whole(events)[0] ?? joined, joined);
    }
  });
}

test('an event is passed on at once unless its text may be the beginning of a placeholder', () => {
  const rewriter = createEventRewriter(restoring, place);
  const [first, second, third, fourth] = ['hello ', 'see <EM', 'AIL_1> ', 'x'].map((text) =>
    Buffer.from(`data: {"choices":[{"index":0,"text":"${text}"}]}\n\n`),
  );
  const passed = (bytes: Buffer): string => Buffer.concat(rewriter.push(bytes)).toString();
  assert.equal(passed(first!), first!.toString());
  assert.equal(passed(second!), '');
  assert.equal(
    passed(third!),
    second!.toString().replace('<EM', 'a@b.example') + third!.toString().replace('AIL_1>', ''),
  );
  assert.equal(passed(fourth!), fourth!.toString());
});

test('what was held back comes before the event that ends its text', () => {
  const finish = 'data: {"choices":[{"index":0,"text":"","finish_reason":"stop"}]}\n\n';
  const held = 'data: {"choices":[{"index":0,"text":"a <EMAIL_"}]}\n\n';
  for (const ending of [finish, 'data: [DONE]\n\n', 'data: {"error":{"message":"x"}}\n\n']) {
    const rewriter = createEventRewriter(restoring, place);
    assert.deepEqual(rewriter.push(Buffer.from(held)), []);
    assert.equal(Buffer.concat(rewriter.push(Buffer.from(ending))).toString(), held + ending);
  }
});

test('a call that begins ends what was said before it', () => {
  const rewriter = createEventRewriter(restoring, place);
  const chunk = (delta: object): Buffer =>
    Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`);
  assert.deepEqual(rewriter.push(chunk({ content: 'a <' })), []);
  const call = chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] });
  assert.equal(
    Buffer.concat(rewriter.push(call)).toString(),
    chunk({ content: 'a <' }).toString() + call.toString(),
  );
});

test('what deltas say beside their texts neither ends a text nor waits', () => {
  const rewriter = createEventRewriter(restoring, place);
  const chunk = (content: string): Buffer =>
    Buffer.from(
      `data: ${JSON.stringify({ id: '<', choices: [{ index: 0, delta: { role: 'e', content, id: 'EMAIL_1' } }] })}\n\n`,
    );
  const passed = (content: string): string => Buffer.concat(rewriter.push(chunk(content))).toString();
  assert.equal(passed('well '), chunk('well ').toString());
  assert.equal(passed('<EMAIL'), '');
  assert.equal(passed('_1>'), chunk('a@b.example').toString() + chunk('').toString());
});

test('ids, base64, audio and what is no JSON pass byte for byte', () => {
  const events = [
    'data: {"type":"response.audio.delta","delta":"<EMAIL_1>"}\n\n',
    'data: {"type":"x","b64_json":"<EMAIL_1>","image_url":"https://i.example/<EMAIL_1>"}\n\n',
    ': <EMAIL_1>\n\n',
    'data: <EMAIL_1>\n\n',
    'retry: 3\n\n',
    'data: {"a": "<EMAIL_1>"',
  ].join('');
  assert.equal(run(restoring, [Buffer.from(events)]).toString(), events);
});

test('data on several lines stays one event', () => {
  const event = 'id: 7\nevent: x\ndata: {"a":\ndata: "<EMAIL_1>"}\n\n';
  assert.deepEqual(readEvent(run(restoring, [Buffer.from(event)])), {
    event: 'x',
    id: '7',
    data: '{"a":\n"a@b.example"}',
  });
});

test('an event of megabytes, and a text in a hundred thousand deltas, are rewritten', () => {
  const big = { type: 'x', text: `${'y'.repeat(3_000_000)}<EMAIL_1>${'['.repeat(1_000)}` };
  const [event] = decode(run(restoring, [encode([big])])) as [typeof big];
  assert.equal(event.text, big.text.replace('<EMAIL_1>', 'a@b.example'));

  const all = [written('text', '<EMAIL_1>'.repeat(11_000), 1)];
  const events = decode(run(restoring, cut(encode(chatChunks.events(all)), [65_536])));
  assert.deepEqual(chatChunks.joined(events), { 0: 'a@b.example'.repeat(11_000) });
});

test('a stream that comes in one chunk is rewritten as one that comes event by event', () => {
  const all = [written('text', `${'word '.repeat(5_000)}<EMAIL_1>`.repeat(2), 3)];
  const bytes = encode(chatChunks.events(all));
  const expected = texts(all, (text) => text.replaceAll('<EMAIL_1>', 'a@b.example'));
  for (const sizes of [[bytes.length], [200], [5_000]]) {
    assert.deepEqual(chatChunks.joined(decode(run(restoring, cut(bytes, sizes)))), expected);
  }
});

test('what is pseudonymized, and comes back in deltas, is restored to what it was', () => {
  const secrets = fc.constantFrom('a@b.example', 'c.d@e.example', '4111 1111 1111 1111', '5500000000000004');
  const words = fc.constantFrom(' ', 'so ', '\\', '<', '"', 'é', '\n', '(', '&lt;', 'E', '>', '. ');
  const said = fc.array(fc.oneof(secrets, words), { maxLength: 30 }).map((all) => all.join(''));
  fc.assert(
    fc.property(
      said,
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(...writers),
      (text, size, [, writer]) => {
        const table = new Map<string, string>();
        const hidden = applyEdits(
          text,
          findPlain(text).map((edit) => {
            const placeholder = `<${edit.text.slice(1, -1)}_${table.size + 1}>`;
            table.set(placeholder, text.slice(edit.from, edit.end));
            return { ...edit, text: placeholder };
          }),
        );
        const all = [written('text', `> ${hidden}`, size)];
        const events = decode(run(settleOriginals(table), [encode(writer.events(all))]));
        assert.deepEqual(writer.joined(events), { 0: `> ${text}` });
      },
    ),
    { numRuns: 3_000 },
  );
});

test('data nested a hundred thousand deep is gone through', () => {
  const event = `data: {"a":${'['.repeat(100_000)}"<EMAIL_1>"${']'.repeat(100_000)}}\n\n`;
  assert.equal(run(restoring, [Buffer.from(event)]).toString(), event.replace('<EMAIL_1>', 'a@b.example'));
  const many = `${'["x",'.repeat(100_000)}"<EMAIL_1>"${']'.repeat(100_000)}`;
  const delta = `data: {"type":"x.delta","delta":${many}}\n\n`;
  assert.equal(run(restoring, [Buffer.from(delta)]).toString(), delta.replace('<EMAIL_1>', 'a@b.example'));
});

test('a stream that pretends to write endlessly many texts, or never goes on, is not held without end', () => {
  const rewriter = createEventRewriter(restoring, place);
  let passedBytes = 0;
  for (let index = 0; index < 20_000; index += 1) {
    const event = `data: {"choices":[{"index":${index},"text":"<"}]}\n\n`;
    for (const bytes of rewriter.push(Buffer.from(event))) passedBytes += bytes.length;
  }
  assert.ok(passedBytes > 500_000, `${passedBytes}`);
});

const token = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '<EMAIL_1>',
      '< email 12 >',
      '[EMAIL_1]',
      'EMAIL_1>',
      '&lt;SECRET_1&gt;',
      '<SECRET_1>',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '<',
      'EM',
      'EMAIL_',
      '1',
      ' ',
      '\\',
      '"',
      '{',
      '[',
      '\\u003c',
      '\n',
      '@',
      'b.example',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom('4111 1111 1111 1111', 'a@b.example', '4111', ' 1111', 'a.b@') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
);
const anyText = fc.array(token, { maxLength: 24 }).map((tokens) => tokens.join(''));
const anyWritten = fc
  .tuple(
    fc.oneof(
      anyText.map((text) => ({ kind: 'text' as const, text })),
      fc.dictionary(fc.constantFrom('a', 'b'), anyText).map((value) => ({
        kind: 'arguments' as const,
        text: JSON.stringify(value),
      })),
    ),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
  )
  .map(([{ kind, text }, sizes]): Written => {
    const pieces: string[] = [];
    for (let at = 0, turn = 0; at < text.length; turn += 1) {
      const size = sizes[turn % sizes.length]!;
      pieces.push(text.slice(at, at + size));
      at += size;
    }
    return { kind, pieces };
  });

for (const [name, settler] of [
  ['restored', restoring],
  ['redacted', redacting],
] as const) {
  test(`however a stream is cut into deltas and chunks, it is ${name} as its texts are in one piece`, () => {
    fc.assert(
      fc.property(
        fc.array(anyWritten, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...writers.map(([, writer]) => writer)),
        fc.array(fc.nat({ max: 40 }), { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.constantFrom('', ': ping\n\n'),
        (all, writer, sizes, end, comment) => {
          const bytes = encode(writer.events(all), end, comment);
          const inOne = run(settler, [bytes]);
          assert.deepEqual(run(settler, cut(bytes, sizes)), inOne);
          const events = decode(inOne);
          const expected = texts(all, (text) => applyEdits(text, editWhole(settler, text)));
          const said = Object.fromEntries(
            Object.entries(expected).filter(([at]) => all[Number(at)]!.pieces.length > 0),
          );
          assert.deepEqual(writer.joined(events), said);
          const whole = writer.whole(events);
          if (Object.keys(whole).length > 0) assert.deepEqual(whole, expected);
        },
      ),
      { numRuns: 3_000 },
    );
  });
}

test('redacting a text in windows finds what redacting it in one piece finds', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { edits, end } = redacting.settle(text, 0, true);
      assert.equal(end, text.length);
      assert.equal(applyEdits(text, edits), redactPlain(text));
    }),
    { numRuns: 5_000 },
  );
});

test('a finding longer than a window is redacted whole', () => {
  const findLong = settleFindings(
    (text) =>
      [...text.matchAll(/BEGIN.*?END/g)].map(({ 0: found, index: from }) => ({
        from,
        end: from + found.length,
        text: '[X]',
      })),
    40,
  );
  const text = `${'a '.repeat(50)}${'BEGIN'}${'k'.repeat(36)}END${'b '.repeat(50)}`;
  assert.equal(applyEdits(text, findLong.settle(text, 0, true).edits), text.replace(/BEGIN.*END/, '[X]'));
});

test('a private key is held back until its end, however long it takes to come', () => {
  const findKeys = settleFindings((text) =>
    [...text.matchAll(/-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----/g)].map(
      ({ 0: found, index: from }) => ({ from, end: from + found.length, text: '[SECRET]' }),
    ),
  );
  const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQ\n'.repeat(500)}-----END PRIVATE KEY-----`;
  const text = `${'so '.repeat(200)}${key}${' it is'.repeat(200)}, or -----BEGIN PRIVATE KEY----- no more`;
  for (const size of [1, 50, 10_000]) {
    const all = [written('text', text, size)];
    const events = decode(run(findKeys, [encode(chatChunks.events(all))]));
    assert.deepEqual(chatChunks.joined(events), { 0: text.replace(key, '[SECRET]') });
  }
});

test('any bytes of a stream are passed on, whatever they are', () => {
  const piece = fc.constantFrom(
    'data: ',
    '{"choices":[{"delta":{"content":"<"}}]}',
    '\n',
    '\r',
    '\n\n',
    '{"delta":"<EM"}',
    '[',
    '\xff',
    'id: 1',
    '{"type":"x.delta","delta":',
    '{"object":"x.delta","delta":{"a":[{"b":"<"}]}}',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.array(fc.nat({ max: 9 }), { maxLength: 4 }),
      (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1');
        assert.deepEqual(run(restoring, cut(bytes, sizes)), bytes);
      },
    ),
    { numRuns: 3_000 },
  );
});

test('a stream of an operation that nobody knows is rewritten too', () => {
  const rewriter = createEventRewriter(restoring, placeOf(unknownOperation));
  const passed = rewriter.push(Buffer.from('data: {"id":"<EMAIL_1>"}\n\n'));
  assert.equal(Buffer.concat(passed).toString(), 'data: {"id":"a@b.example"}\n\n');
});
