import assert from 'node:assert/strict';
import { test } from 'node:test';

import Type from 'typebox';
import { Value } from 'typebox/value';

import { describeKeys } from '../../src/config/describe.ts';
import { checkedText, headerText, integer, oneOrMany, section, text } from '../../src/config/fields.ts';
import { resolve } from '../../src/config/resolve.ts';

const schema = section({
  budgets: Type.Array(
    Type.Object(
      { name: Type.String(), limit: integer(5, 'How much.'), window: Type.Optional(Type.String()) },
      { additionalProperties: false },
    ),
    { default: [], maxItems: 2, description: 'What may be spent.' },
  ),
  regions: Type.Record(
    Type.String(),
    section({ baseUrl: text('', 'Where.'), apiKey: headerText('', 'Key.', { secret: true }) }),
    { default: {}, description: 'Further upstreams.' },
  ),
});

function resolveText(written: unknown, env = {}) {
  return resolve(schema, written, { env, overrides: new Map(), fileName: 'proxy.yaml' });
}

test('lists and free mappings are empty by default', () => {
  assert.deepEqual(resolveText({}).value, { budgets: [], regions: {} });
});

test('what stands in lists and free mappings is interpolated and gets its defaults', () => {
  const written = { budgets: [{ name: '${TEAM}', limit: '${LIMIT}' }, { name: 'b' }], regions: { eu: null } };
  const { value, problems } = resolveText(written, { TEAM: 'a', LIMIT: '7' });
  assert.deepEqual(problems, []);
  assert.deepEqual(value, {
    budgets: [
      { name: 'a', limit: 7 },
      { name: 'b', limit: 5 },
    ],
    regions: { eu: { baseUrl: '', apiKey: '' } },
  });
});

test('problems in lists and free mappings have their path', () => {
  const written = { budgets: [{ limt: 1 }, 5], regions: { eu: { baseUrl: 1 } } };
  assert.deepEqual(
    resolveText(written).problems.map(({ path, message }) => `${path} ${message}`),
    [
      'budgets[0].name is required (from proxy.yaml)',
      'budgets[0].limt is not a known key; did you mean limit? (from proxy.yaml)',
      'budgets[1] must be a mapping (from proxy.yaml)',
      'budgets[1].name is required (from proxy.yaml)',
      'regions.eu.baseUrl must be a string (from proxy.yaml)',
    ],
  );
});

test('what the schema asks of a list as a whole is checked once its items are right', () => {
  const budget = { name: 'a' };
  const [problem, ...others] = resolveText({ budgets: [budget, budget, budget] }).problems;
  assert.deepEqual(others, []);
  assert.equal(problem?.path, 'budgets');
});

test('lists, free mappings and what is in them have no environment variable', () => {
  const keys = describeKeys(schema).map(({ path, type, required, env }) => ({ path, type, required, env }));
  assert.deepEqual(keys, [
    { path: 'budgets', type: 'list', required: false, env: undefined },
    { path: 'budgets[].name', type: 'string', required: true, env: undefined },
    { path: 'budgets[].limit', type: 'integer, 0 or more', required: false, env: undefined },
    { path: 'budgets[].window', type: 'string', required: false, env: undefined },
    { path: 'regions', type: 'mapping', required: false, env: undefined },
    { path: 'regions.*.baseUrl', type: 'string', required: false, env: undefined },
    { path: 'regions.*.apiKey', type: 'string', required: false, env: undefined },
  ]);
});

const forms = section({
  user: oneOrMany(
    checkedText('One.', (value) => value !== 'bad', 'must not be bad'),
    'Whose.',
    {
      default: [],
    },
  ),
});

for (const [written, value, env] of [
  ['a', 'a', {}],
  ['${USER}', 'b', { USER: 'b' }],
  [['a', '${USER}'], ['a', 'b'], { USER: 'b' }],
] as const) {
  test(`a key of one or many takes ${JSON.stringify(written)}, and is a list from then on`, () => {
    const resolved = resolve(forms, { user: written }, { env, overrides: new Map(), fileName: 'f' });
    assert.deepEqual(resolved.problems, []);
    assert.deepEqual(resolved.value, { user: value });
    assert.deepEqual(Value.Decode(forms, resolved.value), { user: [value].flat() });
  });
}

test('a problem of a key of one or many is told for the form that was written', () => {
  for (const [written, path, message] of [
    ['bad', 'user', 'must not be bad (from f)'],
    [['a', 'bad'], 'user[1]', 'must not be bad (from f)'],
    [7, 'user', 'must be a string (from f)'],
    [{}, 'user', 'must be a string (from f)'],
  ] as const) {
    const { problems } = resolve(forms, { user: written }, { env: {}, overrides: new Map(), fileName: 'f' });
    assert.deepEqual(problems, [{ path, message }]);
  }
});

test('a key of one or many has an environment variable, which sets one', () => {
  const [described] = describeKeys(forms);
  assert.deepEqual([described?.type, described?.env], ['string or list', 'ASSISTANT_PROXY_USER']);
});
