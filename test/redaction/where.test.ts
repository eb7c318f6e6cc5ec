import assert from 'node:assert/strict';
import { test } from 'node:test';

import { operations, unknownOperation } from '../../src/openai/operations.ts';
import { placeOf } from '../../src/redaction/where.ts';
import { operationNamed } from './operation-named.ts';
import { textsOf } from './plain-findings.ts';
import { requestFields } from './request-fields.ts';

/** What stands in fields that are no text. */
const kept = {
  id: ['file-abc_123', 'ft:gpt-4o:acme::x.1', '550e8400-e29b-41d4-a716-446655440000'],
  token: ['gpt-4o', 'get_weather', 'audio/wav'],
  url: ['https://keep.example/a/anna@b.example', 'data:image/png;base64,a2VlcA=='],
  base64: ['a2VlcCB0aGlz+/=='],
  schema: [
    {
      $ref: '#/$defs/of anna@b.example',
      type: 'object',
      properties: {
        'anna@b.example': { type: ['string', 'null'] },
        description: { items: { format: 'a b' } },
      },
      required: ['anna@b.example', 'description'],
      additionalProperties: false,
    },
  ],
  address: ['anna@b.example'],
  secret: ['Bearer keep.this'],
} as const;

/** A name that is the caller's own, and looks like the API's. */
const ownName = 'own_id';

/** A body with the value at a path: `messages[].content`. */
function bodyWith(path: string, value: unknown): unknown {
  return path.split('.').reduceRight((inner, step) => {
    const isList = step.endsWith('[]');
    const name = step.replaceAll('[]', '').replace('*', ownName);
    const member = isList ? [inner] : inner;
    return name === '' ? member : { [name]: member };
  }, value);
}

const walked = requestFields.flatMap(({ operations: names, ...fields }) =>
  names.split(' ').map((name) => ({ name, fields })),
);

test('every free text in the body of every operation is handed out', () => {
  for (const { name, fields } of walked) {
    const place = placeOf(operationNamed(name));
    for (const [index, path] of (fields.text?.split(' ') ?? []).entries()) {
      const planted = `Anna <anna.${index}@b.example>`;
      const texts = textsOf(JSON.stringify(bodyWith(path, planted)), place);
      assert.ok(texts.includes(planted), `${name}: ${path}`);
    }
  }
});

test('ids, settings, addresses of images, base64, what schemas are made of, and credentials are not', () => {
  for (const { name, fields } of walked) {
    const place = placeOf(operationNamed(name));
    for (const [kind, values] of Object.entries(kept)) {
      for (const path of fields[kind as keyof typeof kept]?.split(' ') ?? []) {
        for (const value of values) {
          const body = JSON.stringify(bodyWith(kind === 'schema' ? path.replace(/\.\*$/, '') : path, value));
          const texts = textsOf(body, place).filter((text) => text !== ownName);
          assert.deepEqual(texts, [], `${name}: ${body}`);
        }
      }
    }
  }
});

test('what a schema says in words or gives as a value is handed out, however deep, and a property of that name is none', () => {
  const own = {
    description: 'text 1',
    title: 'text 2',
    default: { description: 'text 3', n: 4 },
    examples: ['text 5', 6],
    enum: ['text 7', 8, null],
    const: 'text 9',
    pattern: 'text 10',
    'x-note': 'text 11',
  };
  const inner = {
    type: 'object',
    properties: {
      description: own,
      enum: { title: 'text 12' },
      properties: { properties: { title: { title: 'text 13' } } },
    },
    $defs: { title: { anyOf: [{ const: 'text 14' }] } },
  };
  const texts = [1, 2, 3, 5, 7, 9, 10, 11, 12, 13, 14].map((index) => `text ${index}`);
  for (const { name, fields } of walked) {
    for (const path of fields.schema?.split(' ') ?? []) {
      const body = JSON.stringify(bodyWith(path.replace(/\.\*$/, ''), inner));
      assert.deepEqual(textsOf(body, placeOf(operationNamed(name))), texts, `${name}: ${path}`);
    }
  }
});

test('every operation that takes JSON has a place, and there whatever nobody has heard of is handed out', () => {
  for (const operation of operations.filter(
    ({ requestBody }) => requestBody === 'json' || requestBody === 'any',
  )) {
    const body = JSON.stringify({ new_thing: { deep: ['anna@b.example'], also: 'bob@b.example' } });
    assert.deepEqual(textsOf(body, placeOf(operation)), ['anna@b.example', 'bob@b.example'], operation.name);
  }
});

test('an id that is spelled as none is looked at, and so is a number', () => {
  const chat = placeOf(operationNamed('chat.completions.create'));
  for (const id of ['anna@b.example', '+1 555', '4111111111111111', '078-05-1120', 'Anna Smith']) {
    assert.deepEqual(textsOf(JSON.stringify({ customer_id: id }), chat), [id]);
  }
});

test("of the caller's own data all is handed out, whatever its names are", () => {
  const place = placeOf(operationNamed('threads.create'));
  assert.deepEqual(textsOf('{"metadata":{"user_id":"anna","model":7}}', place), [
    'user_id',
    'anna',
    'model',
    '7',
  ]);
  const prompt = {
    prompt: { variables: { id: 'anna', photo: { image_url: 'data:image/png;base64,AA==' } } },
  };
  assert.deepEqual(textsOf(JSON.stringify(prompt), placeOf(operationNamed('responses.create'))), [
    'id',
    'anna',
    'photo',
  ]);
});

test('of an unknown operation all strings are handed out, and names and numbers', () => {
  const body = '{"id":"a","model":{"image_url":"b"},"n":1}';
  assert.deepEqual(textsOf(body, placeOf(unknownOperation)), [
    'id',
    'a',
    'model',
    'image_url',
    'b',
    'n',
    '1',
  ]);
});

test('a data URL is left alone wherever it stands, and what only begins like one is not', () => {
  const place = placeOf(unknownOperation);
  const base64 = Buffer.alloc(3_000_000, 'keep').toString('base64');
  const texts = (value: string): string[] => textsOf(JSON.stringify([value]), place);
  assert.deepEqual(texts(`data:application/pdf;name=a.pdf;base64,${base64}`), []);
  for (const other of ['data: anna', `data:text/plain;base64,${base64} anna`, 'data:text/plain,anna']) {
    assert.deepEqual(texts(other), [other]);
  }
});

const answers: readonly (readonly [operation: string, answer: object, texts: readonly string[]])[] = [
  [
    'chat.completions.create',
    {
      id: 'chatcmpl-1',
      choices: [
        {
          finish_reason: 'stop',
          logprobs: { content: [{ token: 'no' }] },
          message: {
            role: 'assistant',
            content: 'text 1',
            refusal: 'text 2',
            reasoning_content: 'text 3',
            audio: { id: 'audio_1', data: 'AAAA', transcript: 'text 4' },
            annotations: [
              { type: 'url_citation', url_citation: { title: 'text 5', url: 'https://text.example/6' } },
            ],
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'send', arguments: '{"to":"text 7"}' } },
            ],
          },
        },
      ],
    },
    ['text 1', 'text 2', 'text 3', 'text 4', 'text 5', 'https://text.example/6', 'to', 'text 7'],
  ],
  [
    'responses.create',
    {
      object: 'response',
      instructions: 'text 1',
      metadata: { user_id: 'text 2' },
      output: [
        {
          type: 'reasoning',
          id: 'rs_1',
          encrypted_content: 'AAAA',
          summary: [{ type: 'summary_text', text: 'text 3' }],
        },
        {
          type: 'message',
          role: 'assistant',
          content: [
            {
              type: 'output_text',
              text: 'text 4',
              annotations: [
                { type: 'file_citation', file_id: 'file-1', filename: 'text 5', quote: 'text 6' },
              ],
            },
          ],
        },
        { type: 'image_generation_call', id: 'ig_1', result: 'AAAA', revised_prompt: 'text 7' },
        {
          type: 'code_interpreter_call',
          code: 'text 8',
          container_id: 'cntr_1',
          outputs: [
            { type: 'logs', logs: 'text 9' },
            { type: 'image', url: 'https://image.example' },
          ],
        },
        {
          type: 'file_search_call',
          queries: ['text 10'],
          results: [{ file_id: 'file-1', filename: 'text 11', text: 'text 12' }],
        },
      ],
    },
    ['text 1', 'user_id', 'text 2', ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((index) => `text ${index}`)],
  ],
  [
    'threads.messages.list',
    {
      object: 'list',
      first_id: 'msg_1',
      data: [
        {
          id: 'msg_1',
          content: [
            {
              type: 'text',
              text: {
                value: 'text 1',
                annotations: [{ text: 'text 2', file_citation: { file_id: 'file-1' } }],
              },
            },
          ],
        },
      ],
    },
    ['text 1', 'text 2'],
  ],
  [
    'images.generate',
    { data: [{ b64_json: 'AAAA', url: 'https://image.example', revised_prompt: 'text 1' }] },
    ['text 1'],
  ],
  [
    'audio.transcriptions.create',
    { text: 'text 1', segments: [{ id: 0, text: 'text 2' }] },
    ['text 1', 'text 2'],
  ],
  [
    'embeddings.create',
    { object: 'list', data: [{ object: 'embedding', embedding: 'AAAA' }], model: 'm' },
    [],
  ],
];
for (const [name, answer, expected] of answers) {
  test(`the texts of an answer of ${name} are handed out, and what is structure is not`, () => {
    assert.deepEqual(textsOf(JSON.stringify(answer), placeOf(operationNamed(name))), expected);
  });
}
