import assert from 'node:assert/strict';
import { test } from 'node:test';

import Type from 'typebox';

import { describeKeys } from '../../src/config/describe.ts';
import { headerText, integer, section, text } from '../../src/config/fields.ts';
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

test('lists and free mappings have no environment variable', () => {
  assert.deepEqual(describeKeys(schema), [
    { path: 'budgets', type: 'list', default: [], description: 'What may be spent.', secret: false },
    { path: 'regions', type: 'mapping', default: {}, description: 'Further upstreams.', secret: false },
  ]);
});
