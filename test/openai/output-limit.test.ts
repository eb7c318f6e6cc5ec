import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { operations } from '../../src/openai/operations.ts';
import { lowerOutputLimit, readOutputLimit } from '../../src/openai/output-limit.ts';
import { named } from './observed.ts';

const chat = 'chat.completions.create';

function limitOf(name: string, body: unknown) {
  return readOutputLimit(named(name), body);
}

function lowered(name: string, text: string, outputTokens: number): string {
  const body = { bytes: Buffer.from(text), value: JSON.parse(text) as unknown };
  const result = lowerOutputLimit(body, named(name), outputTokens);
  assert.deepEqual(JSON.parse(result.bytes.toString()), result.value);
  return result.bytes.toString();
}

test('each operation has its own name for the limit', () => {
  assert.equal(limitOf('responses.create', { max_output_tokens: 99, max_tokens: 5 }).outputTokens, 99);
  assert.equal(limitOf(chat, { max_completion_tokens: 99, max_output_tokens: 5 }).outputTokens, 99);
  assert.equal(limitOf(chat, { max_tokens: 98 }).outputTokens, 98);
  assert.equal(limitOf('completions.create', { max_tokens: 97 }).outputTokens, 97);
  assert.equal(limitOf('threads.runs.create', { max_completion_tokens: 960 }).outputTokens, 960);
  assert.equal(limitOf('threads.createAndRun', { max_completion_tokens: 950 }).outputTokens, 950);
});

test('a small max_tokens does not hide a large max_completion_tokens (LiteLLM #34223)', () => {
  assert.equal(limitOf(chat, { max_tokens: 1, max_completion_tokens: 100_000 }).outputTokens, 100_000);
  assert.equal(limitOf(chat, { max_tokens: 100_000, max_completion_tokens: 1 }).outputTokens, 100_000);
});

test('a limit that was not said is unknown, except where the API has a default', () => {
  assert.equal(limitOf(chat, {}).outputTokens, undefined);
  assert.equal(limitOf('responses.create', { max_output_tokens: null }).outputTokens, undefined);
  assert.equal(limitOf('completions.create', {}).outputTokens, 16);
  assert.equal(limitOf('completions.create', { max_tokens: null }).outputTokens, undefined);
  assert.equal(limitOf(chat, [1]).outputTokens, undefined);
});

test('a limit that is no count is not said', () => {
  for (const garbage of [-1, 0, 0.5, '100', 1e99, 2 ** 53, 1_000_000_001, true, [5], {}]) {
    assert.equal(limitOf(chat, { max_tokens: garbage }).outputTokens, undefined);
    assert.equal(limitOf(chat, { max_tokens: garbage, max_completion_tokens: 7 }).outputTokens, 7);
    assert.equal(limitOf('completions.create', { max_tokens: garbage }).outputTokens, undefined);
  }
});

test('every answer that is generated is counted', () => {
  assert.equal(limitOf(chat, { n: 4 }).choices, 4);
  for (const garbage of [0, -3, 1.5, '4', null]) assert.equal(limitOf(chat, { n: garbage }).choices, 1);
  assert.equal(limitOf(chat, { n: 2 ** 52 }).choices, 1_000_000);
  assert.equal(limitOf('responses.create', { n: 4 }).choices, 1);
  assert.equal(limitOf('completions.create', { prompt: ['a', 'b', 'c'], n: 2, best_of: 5 }).choices, 15);
  assert.equal(limitOf('completions.create', { prompt: [1, 2, 3], n: 2 }).choices, 2);
  assert.equal(limitOf('completions.create', { prompt: [[1, 2], [3]] }).choices, 2);
  assert.equal(limitOf('completions.create', { prompt: [] }).choices, 1);
});

test('operations that generate nothing have no output, and only those', () => {
  for (const name of ['embeddings.create', 'moderations.create', 'responses.retrieve', 'files.list']) {
    assert.deepEqual(limitOf(name, { max_tokens: 5 }), {
      outputTokens: 0,
      choices: 1,
      minOutputTokens: 1,
      canClamp: false,
    });
  }
  const free = ['embeddings.create', 'chat.completions.update', 'threads.runs.update'];
  for (const { name, method, usage } of operations) {
    if (method !== 'POST' || usage === null || free.includes(name) || name.endsWith('.cancel')) continue;
    assert.notEqual(limitOf(name, { max_tokens: 5 }).outputTokens, 0, name);
  }
});

test("the least limit is the API's", () => {
  assert.equal(limitOf('responses.create', {}).minOutputTokens, 16);
  assert.equal(limitOf('threads.runs.create', {}).minOutputTokens, 256);
  assert.equal(limitOf(chat, {}).minOutputTokens, 1);
});

test('a limit above is lowered, and one below stays', () => {
  assert.equal(lowered(chat, '{"max_tokens": 500, "n":1}', 20), '{"max_tokens": 20, "n":1}');
  assert.equal(lowered(chat, '{"max_tokens": 5.0e0}', 20), '{"max_tokens": 5.0e0}');
  assert.equal(
    lowered(chat, '{"max_tokens":500,"max_completion_tokens":600}', 20),
    '{"max_tokens":20,"max_completion_tokens":20}',
  );
  assert.equal(
    lowered(chat, '{"max_tokens":1,"max_completion_tokens":600}', 20),
    '{"max_tokens":1,"max_completion_tokens":20}',
  );
});

test('a call without a limit gets the one of its operation', () => {
  assert.equal(lowered(chat, '{"model":"m"}', 20), '{"model":"m","max_completion_tokens":20}');
  assert.equal(lowered('responses.create', '{}', 20), '{"max_output_tokens":20}');
  assert.equal(lowered('responses.create', '{ } ', 20), '{ "max_output_tokens":20} ');
  assert.equal(lowered('completions.create', '{"max_tokens":null}', 20), '{"max_tokens":20}');
  assert.equal(lowered('threads.runs.create', '{"a":1}', 300), '{"a":1,"max_completion_tokens":300}');
});

test('what is no count is set too, since some engines take it for no limit', () => {
  for (const garbage of ['-1', '"9000"', '1e99', '0.5']) {
    assert.equal(lowered(chat, `{"max_tokens":${garbage}}`, 20), '{"max_tokens":20}');
  }
});

test('a body that can not be bound stays as it is', () => {
  for (const name of ['responses.compact', 'embeddings.create', 'files.list', 'images.generate']) {
    assert.equal(lowered(name, '{"max_tokens":500}', 20), '{"max_tokens":500}');
  }
  assert.equal(lowered(chat, '[1]', 20), '[1]');
});

test('whatever the body, a lowered limit reads as at most what was asked for', () => {
  const limit = fc.oneof(fc.jsonValue(), fc.nat({ max: 1000 }));
  const bodies = fc.record(
    {
      max_tokens: limit,
      max_completion_tokens: limit,
      max_output_tokens: limit,
      model: fc.string(),
      n: limit,
    },
    { requiredKeys: [] },
  );
  const names = fc.constantFrom(chat, 'responses.create', 'completions.create', 'threads.runs.create');
  fc.assert(
    fc.property(bodies, names, fc.integer({ min: 1, max: 500 }), (body, name, outputTokens) => {
      const result: unknown = JSON.parse(lowered(name, JSON.stringify(body), outputTokens));
      const read = limitOf(name, result).outputTokens;
      assert.ok(read !== undefined && read <= outputTokens);
    }),
  );
});
