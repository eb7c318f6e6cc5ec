import assert from 'node:assert/strict';
import { test } from 'node:test';

import { interpolate } from '../../src/config/interpolate.ts';
import { loadConfig } from '../../src/config/load.ts';
import { problemsOf } from './problems-of.ts';

const env = { NAME: 'value', EMPTY: '', NESTING: '${NAME}' };
const key = { OPENAI_API_KEY: 'sk-1' };

for (const [text, expected] of [
  ['plain', 'plain'],
  ['${NAME}', 'value'],
  ['a ${NAME} b ${NAME}', 'a value b value'],
  ['${NAME:-other}', 'value'],
  ['${UNSET:-other}', 'other'],
  ['${EMPTY:-other}', 'other'],
  ['${UNSET:-}', ''],
  ['${UNSET:-a:-b}', 'a:-b'],
  ['${UNSET:-${NAME}}', 'value'],
  ['${UNSET:-<${EMPTY:-in}>}', '<in>'],
  ['${UNSET:-cost $5}', 'cost $5'],
  ['$${NAME}', '${NAME}'],
  ['$NAME {NAME} $', '$NAME {NAME} $'],
  ['${NESTING}', '${NAME}'],
] as const) {
  test(`${text} becomes ${JSON.stringify(expected)}`, () => {
    const { text: actual, unset, malformed } = interpolate(text, env);
    assert.deepEqual({ actual, unset, malformed }, { actual: expected, unset: [], malformed: false });
  });
}

for (const text of [
  '${',
  '${}',
  '${NAME',
  '${a b}',
  '${1A}',
  '${NAME-x}',
  '${UNSET:-${}',
  '${A:-${B:-${C}}}',
]) {
  test(`${text} is malformed`, () => {
    assert.equal(interpolate(text, env).malformed, true);
  });
}

test('variables that are unset or empty and have no fallback are named', () => {
  assert.deepEqual(interpolate('${A} ${EMPTY} ${NAME} ${B:-${C}}', env).unset, ['A', 'EMPTY', 'C']);
});

test("what every object inherits is not the environment's", () => {
  assert.deepEqual(interpolate('${constructor} ${__proto__}', env).unset, ['constructor', '__proto__']);
});

test('a text of the file that came from the environment becomes the number that its key asks for', () => {
  const text = 'listen: { port: "${PORT}" }\nadmin: { port: "${ADMIN_PORT:-7070}" }';
  const config = loadConfig({ text, env: { ...key, PORT: '6060' } });
  assert.deepEqual([config.listen.port, config.admin.port], [6060, 7070]);
});

test('values of the environment variables named after keys are taken as they are', () => {
  const variables = { ...key, ASSISTANT_PROXY_UPSTREAM_NO_PROXY: '${NAME}' };
  assert.equal(loadConfig({ env: variables }).upstream.noProxy, '${NAME}');
});

test('the text of a number without an interpolation stays text, and is refused', () => {
  const [problem] = problemsOf({ text: 'listen: { port: "8080" }', env: key });
  assert.equal(problem?.message, 'must be an integer (from the configuration file)');
});
