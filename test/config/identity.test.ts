import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkConfig } from '../../src/config/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { problemsOf } from './problems-of.ts';

const env = { OPENAI_API_KEY: 'sk-1' };

function pathsOf(file: object): string[] {
  return problemsOf({ text: JSON.stringify(file), env }).map(({ path }) => path);
}

test('the parts of an identity are fixed texts, or sources in order', () => {
  const text = `
identity:
  org: Acme, Inc.
  team: "\${TEAM}"
  app: body.prompt_cache_key
  user: [metadata.user_id, "header:x-user-id", body.safety_identifier, nobody]
`;
  const { identity } = loadConfig({ text, env: { ...env, TEAM: 'search' } });
  assert.deepEqual(identity, {
    org: 'Acme, Inc.',
    team: ['search'],
    app: ['body.prompt_cache_key'],
    user: ['metadata.user_id', 'header:x-user-id', 'body.safety_identifier', 'nobody'],
  });
});

for (const source of [
  'metadata.',
  'metadata:user',
  'body.model',
  'body.metadata.user',
  'header:',
  'header:a b',
  'headers:x-user-id',
  'header.x-user-id',
  'Header:x-user-id',
  'header:authorization',
  'header:Authorization',
  'header:api-key',
  'header:cookie',
  'u'.repeat(129),
  'two\nlines',
]) {
  test(`${JSON.stringify(source).slice(0, 40)} is no source of a user`, () => {
    assert.deepEqual(pathsOf({ identity: { user: source } }), ['identity.user']);
    assert.deepEqual(pathsOf({ identity: { user: ['metadata.user', source] } }), ['identity.user[1]']);
  });
}

for (const org of ['', 'metadata.org', 'header:x-org', 'o'.repeat(129)]) {
  test(`${JSON.stringify(org).slice(0, 20)} is no organisation: no request may choose it`, () => {
    assert.deepEqual(pathsOf({ identity: { org } }), ['identity.org']);
  });
}

const key = '0123456789abcdef';

function keyPathsOf(...keys: object[]): string[] {
  return pathsOf({ auth: { keys } });
}

test("a caller's key may have an identity, of fixed texts", () => {
  const identity = { team: 'search', user: 'crawler' };
  const text = JSON.stringify({
    auth: {
      keys: [
        { name: 'a', key, identity },
        { name: 'b', keyFile: '/b' },
      ],
    },
  });
  assert.deepEqual(loadConfig({ text, env }).auth.keys, [
    { name: 'a', key, keyFile: '', identity: { team: 'search', user: 'crawler' } },
    { name: 'b', key: '', keyFile: '/b', identity: {} },
  ]);
  for (const user of ['metadata.user', '']) {
    assert.deepEqual(keyPathsOf({ name: 'a', key, identity: { user } }), ['auth.keys[0].identity.user']);
  }
});

test('a key that is short, missing, written twice over or not to be sent is refused', () => {
  assert.deepEqual(keyPathsOf({ name: 'a', key: '0123456789abcde' }), ['auth.keys[0].key']);
  assert.deepEqual(keyPathsOf({ name: 'a', key: '0123456789abcdef\n' }), ['auth.keys[0].key']);
  assert.deepEqual(keyPathsOf({ name: 'a', key: '' }), ['auth.keys[0]']);
  assert.deepEqual(keyPathsOf({ name: 'a' }), ['auth.keys[0]']);
  assert.deepEqual(keyPathsOf({ name: 'a', key, keyFile: '/a' }), ['auth.keys[0]']);
  assert.deepEqual(keyPathsOf({ key }), ['auth.keys[0].name']);
});

test('names, keys and files of keys must differ', () => {
  const other = 'fedcba9876543210';
  assert.deepEqual(keyPathsOf({ name: 'a', key }, { name: 'a', key: other }), ['auth.keys[1].name']);
  assert.deepEqual(keyPathsOf({ name: 'a', key }, { name: 'b', key }), ['auth.keys[1].key']);
  const keyFile = '/run/key';
  assert.deepEqual(keyPathsOf({ name: 'a', keyFile }, { name: 'b', keyFile }), ['auth.keys[1].keyFile']);
});

test("no report and no problem shows a caller's key", () => {
  const valid = JSON.stringify({ auth: { keys: [{ name: 'a', key }] } });
  const twice = JSON.stringify({
    auth: {
      keys: [
        { name: 'a', key },
        { name: 'b', key },
      ],
    },
  });
  const broken = JSON.stringify({ auth: { keys: [{ name: 'a', key: `${key} ` }] } });
  for (const [text, isValid] of [
    [valid, true],
    [twice, false],
    [broken, false],
  ] as const) {
    const checked = checkConfig({ text, env });
    assert.equal(checked.valid, isValid);
    assert.ok(!checked.report.includes(key), checked.report);
  }
});
