import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { assistantParams } from '../../../src/assistants/params/assistant-params.ts';
import { messageParams } from '../../../src/assistants/params/message-params.ts';
import { readParams } from '../../../src/assistants/params/read-params.ts';
import {
  runParams,
  threadAndRunParams,
  toolOutputsParams,
} from '../../../src/assistants/params/run-params.ts';
import { threadParams } from '../../../src/assistants/params/thread-params.ts';
import { refusalOf } from './refusal-of.ts';

const schemas = [
  assistantParams,
  messageParams,
  runParams,
  threadAndRunParams,
  toolOutputsParams,
  threadParams,
];

test('a body that is no object is refused, whatever else it is', () => {
  for (const schema of schemas) {
    for (const body of [null, [], [{}], 'x', '', 0, Number.POSITIVE_INFINITY, true]) {
      const refused = refusalOf(schema, body);
      assert.deepEqual([refused?.code, refused?.param], ['invalid_type', null]);
      assert.match(
        refused?.message ?? '',
        /^Invalid type for the body: expected an object, but got .+ instead\.$/,
      );
    }
  }
});

test('no JSON at all can do more than be refused', () => {
  const keys = [
    'model',
    'role',
    'content',
    'tools',
    'type',
    'function',
    'metadata',
    'messages',
    '__proto__',
    'constructor',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('user', 'text', 'function', 'code_interpreter', 'gpt-4o'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.constantFrom(...schemas), (body, schema) => {
      refusalOf(schema, JSON.parse(JSON.stringify(body) ?? 'null'));
    }),
    { numRuns: 2000 },
  );
});

test('__proto__ is a parameter that nobody knows, and a key of metadata like any other', () => {
  const own = (text: string): unknown => JSON.parse(text);
  const refused = refusalOf(assistantParams, own('{"model":"x","__proto__":{"name":"y"}}'));
  assert.equal(refused?.message, "Unknown parameter: '__proto__'.");
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    assert.equal(refusalOf(assistantParams, { model: 'x', [name]: 'y' })?.code, 'unknown_parameter');
  }
  const text = '{"model":"x","metadata":{"__proto__":"y"}}';
  assert.equal(JSON.stringify(readParams(assistantParams, own(text))), text);
  assert.equal(
    refusalOf(assistantParams, own('{"__proto__":{"model":"x"}}'))?.code,
    'missing_required_parameter',
  );
  assert.equal(Object.hasOwn(Object.prototype, 'name'), false);
});

test('nesting is refused before it could exhaust a stack', () => {
  const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as unknown;
  const withParameters = (parameters: unknown) => ({
    model: 'x',
    tools: [{ type: 'function', function: { name: 'f', parameters } }],
  });
  assert.equal(refusalOf(assistantParams, withParameters(deep(200))), undefined);
  const refused = refusalOf(assistantParams, withParameters(deep(100_000)));
  assert.equal(refused?.code, 'invalid_value');
  assert.match(refused?.message ?? '', /nested too deeply/);
  assert.equal(refusalOf(assistantParams, deep(100_000))?.code, 'missing_required_parameter');
});

test('what the caller wrote is quoted in part only', () => {
  const long = 'secret'.repeat(10_000);
  const bodies = [
    { model: 'x', [long]: 1 },
    { model: 'x', metadata: { [long]: '' } },
    { model: 'x', metadata: { [long]: 1 } },
    { model: 'x', response_format: long },
    { model: 'x', tools: [{ type: long }] },
    { model: 'x', tools: [{ type: 'function', function: { name: long } }] },
    { model: 'x', name: long },
  ];
  for (const body of bodies) {
    const { message = '', param } = refusalOf(assistantParams, body) ?? {};
    assert.ok(message !== '' && message.length < 400, message);
    assert.ok((param ?? '').length < 150);
  }
});

test('a number that no number holds is refused where numbers are', () => {
  const huge = JSON.parse('{"assistant_id":"a","max_prompt_tokens":1e999}') as unknown;
  assert.equal(refusalOf(runParams, huge)?.code, 'invalid_type');
  const hot = JSON.parse('{"model":"x","temperature":1e999}') as unknown;
  assert.equal(refusalOf(assistantParams, hot)?.code, 'decimal_above_max_value');
});

test('a wide body is read in time that grows with its size', () => {
  const messages = Array.from({ length: 50_000 }, () => ({ role: 'user', content: 'Hi' }));
  const startedAtMs = performance.now();
  assert.equal(readParams(threadParams, { messages }).messages?.length, 50_000);
  assert.ok(performance.now() - startedAtMs < 2000);
});
