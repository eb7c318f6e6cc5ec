import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { unknownOperation } from '../../src/openai/operations.ts';
import { findTexts } from '../../src/redaction/json/find-texts.ts';
import { free } from '../../src/redaction/json/place.ts';
import { placeOf } from '../../src/redaction/where.ts';
import { operationNamed } from './operation-named.ts';
import { findPlain, noEdits, redactBody, redactPlain, textsOf } from './plain-findings.ts';

const chat = placeOf(operationNamed('chat.completions.create'));
const card = '4111111111111111';

test('only the strings that change are written anew, and all else stays byte for byte', () => {
  const body = `{ "seed" : 12345678901234567890,\n "temperature":1.0, "messages":[{"role":"user","content":"h\\u00e9, a@b.example"},
    {"role":"user","content":"\\u0041\\/"}], "top_p": 1e-7 }`;
  assert.equal(redactBody(body, chat), body.replace('"h\\u00e9, a@b.example"', '"hé, [EMAIL]"'));
});

test('nothing is copied where nothing changes', () => {
  const found = findTexts(Buffer.from('{"messages":[{"content":"hello"}]}'), chat);
  assert.equal(found.patch(noEdits(found)), undefined);
  assert.equal(found.patch([[{ from: 0, end: 5, text: 'hello' }]]), undefined);
});

test('escapes are decoded before a text is looked at, and what is written is escaped', () => {
  const body =
    '{"content":"\\u0034111 1111\\u00201111 111\\u0031 \\"\\ud83d\\ude00\\n\\\\ a\\u0040b.example"}';
  assert.equal(redactBody(body, chat), '{"content":"[CREDIT_CARD] \\"😀\\n\\\\ [EMAIL]"}');
});

test('a text is handed out with the name of the member that holds it', () => {
  const { texts } = findTexts(Buffer.from('{"metadata":{"ssn":"1","tags":["2"]},"user":"3"}'), chat);
  assert.deepEqual(
    texts.filter(({ text }) => /^\d$/.test(text)).map(({ text, key, isName }) => ({ text, key, isName })),
    [
      { text: '1', key: 'ssn', isName: false },
      { text: '2', key: 'tags', isName: false },
      { text: '3', key: 'user', isName: true },
    ],
  );
});

test('JSON in a string is rewritten inside, three levels deep', () => {
  const wrap = (value: unknown, levels: number): unknown =>
    levels === 0 ? value : JSON.stringify({ inner: wrap(value, levels - 1) });
  for (const levels of [1, 2, 3]) {
    const body = JSON.stringify({ output: wrap('"x"\na@b.example', levels) });
    assert.equal(redactBody(body, chat), JSON.stringify({ output: wrap('"x"\n[EMAIL]', levels) }));
  }
  // Deeper it is a text as any other.
  const deep = JSON.stringify({ output: wrap('a@b.example \\u0040', 5) });
  assert.equal(redactBody(deep, chat), JSON.stringify({ output: wrap('[EMAIL] \\u0040', 5) }));
});

test('JSON in a string keeps its spelling but for what changes', () => {
  const inner = '{ "a" : 1.0, "b":"a@b.example" ,"c":"\\u00e9" }';
  assert.equal(
    redactBody(JSON.stringify({ arguments: inner }), chat),
    JSON.stringify({ arguments: inner.replace('a@b.example', '[EMAIL]') }),
  );
});

test('a string that only looks like JSON is a text', () => {
  assert.equal(redactBody('{"content":"{a@b.example"}', chat), '{"content":"{[EMAIL]"}');
  assert.equal(redactBody('{"content":"[1] a@b.example"}', chat), '{"content":"[1] [EMAIL]"}');
});

test('a number in free-form data is a text, and becomes a string if it changes', () => {
  const body = (value: string) => JSON.stringify({ arguments: `{"card":${value},"n":[1,-2.50]}`, seed: 1 });
  assert.equal(redactBody(body(card), chat), body('"[CREDIT_CARD]"'));
  assert.equal(redactBody(`{"metadata":{"card":${card}}}`, chat), '{"metadata":{"card":"[CREDIT_CARD]"}}');
  assert.equal(redactBody(`{"seed":${card}}`, chat), undefined, 'a setting is none');
});

test('names of members in free-form data are texts', () => {
  assert.equal(redactBody('{"metadata":{"a@b.example":1}}', chat), '{"metadata":{"[EMAIL]":1}}');
  assert.equal(redactBody('{"output":"{\\"a@b.example\\":{}}"}', chat), '{"output":"{\\"[EMAIL]\\":{}}"}');
});

const partForms: readonly (readonly [form: string, part: (text: string) => unknown])[] = [
  ['text parts', (text) => ({ type: 'text', text })],
  ['input_text parts', (text) => ({ type: 'input_text', text })],
  ["Assistants' text parts", (text) => ({ type: 'text', text: { value: text, annotations: [] } })],
];
for (const [form, part] of partForms) {
  test(`what spans ${form} is replaced in the first, and cut out of the others`, () => {
    const content = (...texts: string[]) => JSON.stringify({ messages: [{ content: texts.map(part) }] });
    assert.equal(
      redactBody(content('my card: 4111 1111', ' 1111', ' 1111, and a@b.example', 'x'), chat),
      content('my card: [CREDIT_CARD]', '', ', and [EMAIL]', 'x'),
    );
    assert.ok(textsOf(content('4111 1111', '', ' 1111 1111'), chat).includes('4111 1111 1111 1111'));
  });
}

test('parts of different messages, or with an image in between, are not joined', () => {
  const apart = [
    [{ content: [{ text: '4111 1111' }] }, { content: [{ text: ' 1111 1111' }] }],
    [{ content: [{ text: '4111 1111' }, { type: 'image_url' }, { text: ' 1111 1111' }] }],
  ];
  for (const messages of apart) assert.equal(redactBody(JSON.stringify({ messages }), chat), undefined);
});

test('of what is found in a part and across it, all is replaced', () => {
  const { texts, patch } = findTexts(Buffer.from('{"content":[{"text":"abcdef"},{"text":"ghijkl"}]}'), chat);
  assert.deepEqual(
    texts.map(({ text }) => text),
    ['abcdef', 'ghijkl', 'abcdefghijkl'],
  );
  const edits = [[{ from: 1, end: 5, text: 'A' }], [], [{ from: 4, end: 8, text: 'J' }]];
  assert.equal(patch(edits)?.toString(), '{"content":[{"text":"aAJ"},{"text":"ijkl"}]}');
});

test('of duplicate names all values are looked at, and __proto__ is a name', () => {
  assert.equal(
    redactBody('{"content":"a@b.example","content":"c@d.example","__proto__":{"x":"e@f.example"}}', chat),
    '{"content":"[EMAIL]","content":"[EMAIL]","__proto__":{"x":"[EMAIL]"}}',
  );
  assert.equal(redactBody('{"constructor":"a@b.example"}', free), '{"constructor":"[EMAIL]"}');
});

test('what is no UTF-8, and lone surrogates, stay as they are outside of what changes', () => {
  const broken = Buffer.concat([
    Buffer.from('{"a":"'),
    Buffer.from([0xff, 0xc3]),
    Buffer.from('","b":"a@b.example","c":"\\ud800"}'),
  ]);
  const { texts, patch } = findTexts(broken, chat);
  const patched = patch(texts.map(({ text }) => findPlain(text)))!;
  assert.deepEqual(
    patched,
    Buffer.from(broken.toString('latin1').replace('a@b.example', '[EMAIL]'), 'latin1'),
  );
  assert.equal(redactBody('{"b":"\\ud800 a@b.example"}', chat), '{"b":"\\ud800 [EMAIL]"}');
  assert.equal(
    redactBody(JSON.stringify({ b: '{"x":"\ud800","y":"a@b.example"}' }), chat),
    JSON.stringify({ b: '{"x":"\\ud800","y":"[EMAIL]"}' }),
  );
});

test('a hundred thousand brackets need no stack', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = `${open.repeat(100_000)}"a@b.example"${close.repeat(100_000)}`;
    assert.equal(redactBody(nested, chat), nested.replace('a@b.example', '[EMAIL]'));
    assert.equal(redactBody(open.repeat(100_000), chat), undefined);
    assert.ok(redactBody(JSON.stringify({ content: `${nested}` }), chat));
  }
});

test('huge strings, and very many small ones, are read in linear time', () => {
  const work = (count: number): number => {
    const body = Buffer.from(
      JSON.stringify({
        a: 'x'.repeat(count),
        b: '\\"'.repeat(count),
        c: Array(count).fill('a'),
        d: '"'.repeat(count),
      }),
    );
    const startedMs = performance.now();
    findTexts(body, chat);
    return performance.now() - startedMs;
  };
  const fastest = (count: number): number => Math.min(work(count), work(count), work(count));
  const [small, large] = [fastest(100_000), fastest(1_600_000)];
  // Sixteen times as much; quadratic would be 256 times.
  assert.ok(large < 100 * Math.max(small, 1), `${large} ms after ${small} ms`);
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    'a@b.example',
    card,
    '4111 1111 1111 1111',
    '"a@b.example"',
    '\ud800',
    '\\u0040',
    '[',
    '{"a":',
  ),
  fc
    .array(fc.constantFrom('a@b.example', ' ', '"', '\\', '4111', '1111', 'é'), { maxLength: 6 })
    .map((all) => all.join('')),
);
// V8 13.6 may read the name `\ud800` as the name `\\` of an object that it has seen before.
const name = fc.oneof(text, fc.constantFrom('id', 'content', '__proto__')).filter((key) => key !== '\\');
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.constantFrom(null, true, 4111111111111111, 1.5),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), {
      maxKeys: 4,
    }),
    tie('value').map((value) => JSON.stringify(value)),
  ),
}));

test('a body stays the same JSON but for the rewritten texts, however it is spelled', () => {
  fc.assert(
    fc.property(anyValue, fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const json = JSON.stringify(value, null, indent);
      assertRedacted(JSON.parse(json), JSON.parse(redactBody(json, free) ?? json), 0);
    }),
    { numRuns: 5_000 },
  );
});

test('rewriting to the same is no change', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const { texts, patch } = findTexts(Buffer.from(JSON.stringify(value)), free);
      assert.equal(patch(texts.map(({ text }) => [{ from: 0, end: text.length, text }])), undefined);
    }),
  );
});

test('any bytes are gone through, and none throws', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    'a@b.example',
    '1',
    ' ',
    '\\u00',
    '\xff',
    'null',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      redactBody(Buffer.from(pieces.join(''), 'latin1'), free);
      redactBody(Buffer.from(pieces.join(''), 'latin1'), placeOf(unknownOperation));
    }),
    { numRuns: 5_000 },
  );
});

/** Fails unless `after` is `before` with its findings masked, as told over parsed values. */
function assertRedacted(before: unknown, after: unknown, level: number): void {
  if (typeof before === 'string') {
    const inner = level < 3 ? parseNested(before) : undefined;
    if (inner === undefined) return assert.equal(after, redactPlain(before));
    return assertRedacted(inner, parseNested(after), level + 1);
  }
  if (typeof before === 'number') {
    const redacted = redactPlain(String(before));
    return assert.equal(after, redacted === String(before) ? before : redacted);
  }
  if (typeof before !== 'object' || before === null) return assert.equal(after, before);
  assert.ok(typeof after === 'object' && after !== null);
  const expected = new Map(Object.entries(before).map(([key, member]) => [redactPlain(key), member]));
  const got = new Map(Object.entries(after));
  assert.deepEqual([...got.keys()].sort(), [...expected.keys()].sort());
  for (const [key, member] of expected) assertRedacted(member, got.get(key), level);
}

/** The object or list that a string holds; undefined if it is none. */
function parseNested(text: unknown): unknown {
  try {
    const value: unknown = JSON.parse(text as string);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

test('values of a schema that become the same are numbered, for no enumeration may repeat itself', () => {
  const body = (...values: unknown[]) =>
    JSON.stringify({ tools: [{ function: { parameters: { enum: values } } }] });
  assert.equal(
    redactBody(body('a@b.example', 'x', 'c@d.example', 'to e@f.example', 'g@h.example', 7), chat),
    body('[EMAIL]', 'x', '[EMAIL] 2', 'to [EMAIL]', '[EMAIL] 3', 7),
  );
});

const signed =
  'X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261128%2Feu-west-1%2Fs3%2Faws4_request&X-Goog-Credential=a@b.example&sig=a@b.example&se=2026-11-28T18%3A00%3A00Z&token=4111111111111111';
for (const [url, expected] of [
  ['https://i.example/a.png?for=a%40b.example&w=10', 'https://i.example/a.png?for=%5BEMAIL%5D&w=10'],
  ['HTTP://i.example?a@b.example#f', 'HTTP://i.example?%5BEMAIL%5D#f'],
  [
    'https://i.example/?q=to+a%40b.example+now&x=a%2Bb',
    'https://i.example/?q=to%20%5BEMAIL%5D%20now&x=a%2Bb',
  ],
  [`https://i.example/a?${signed}&for=a@b.example`, `https://i.example/a?${signed}&for=%5BEMAIL%5D`],
  ['https://i.example/a@b.example/x?w=1', undefined],
  ['https://i.example/#a@b.example', undefined],
  // Within what may be drawn by lot nothing counts but the whole.
  ['https://i.example/?v=x-4111111111111111-x', undefined],
  ['https://i.example/?v=4111111111111111', 'https://i.example/?v=%5BCREDIT_CARD%5D'],
  ['data:image/png;base64,aaaa', undefined],
  ['a@b.example', '[EMAIL]'],
] as const) {
  test(`the address ${url} is asked for as ${expected ?? 'it is'}`, () => {
    const bodies = (image: string) => [
      JSON.stringify({ messages: [{ content: [{ image_url: { url: image, detail: 'auto' } }] }] }),
      JSON.stringify({ input: [{ content: [{ image_url: image }, { file_url: image }] }] }),
    ];
    for (const [index, body] of bodies(url).entries()) {
      assert.equal(redactBody(body, chat), expected && bodies(expected)[index]);
    }
  });
}

test('user and password of an address are replaced so that it stays one', () => {
  const found = findTexts(Buffer.from('{"image_url":"https://anna%40b.c:p%3Aw@h.example/a?w=1"}'), chat);
  const [{ text } = { text: '' }] = found.texts;
  assert.equal(text, 'https://anna@b.c:p:w@host');
  const edits = [[{ from: 8, end: text.length - 5, text: '<URL_CREDENTIALS_1>' }], []];
  const redacted = found.patch(edits)!.toString();
  assert.equal(redacted, '{"image_url":"https://%3CURL_CREDENTIALS_1%3E@h.example/a?w=1"}');
  assert.equal(new URL((JSON.parse(redacted) as { image_url: string }).image_url).host, 'h.example');
  // Read back, it is a placeholder.
  assert.equal(findTexts(Buffer.from(redacted), chat).texts[0]?.text, 'https://<URL_CREDENTIALS_1>@host');
});
