import assert from 'node:assert/strict';
import { test } from 'node:test';

import { patternProblem } from '../../src/config/check-pattern.ts';
import { checkConfig } from '../../src/config/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { problemsOf } from './problems-of.ts';

const env = { OPENAI_API_KEY: 'sk-1' };
const source = (redaction: object, others: object = {}) => ({
  text: JSON.stringify({ redaction, ...others }),
  env,
});
const pathsOf = (redaction: object, others: object = {}) =>
  problemsOf(source(redaction, others)).map(({ path }) => path);
const messageOf = (redaction: object) =>
  problemsOf(source(redaction))
    .map(({ message }) => message)
    .join();

test('entities are the default ones, or a list of those that are otherwise: built in, custom or of the analyzer', () => {
  assert.deepEqual(loadConfig(source({ entities: 'default' })).redaction.entities, []);
  const custom = [{ name: 'employee', pattern: String.raw`E-\d{6}` }];
  const entities = [
    { name: 'EMAIL', mode: 'block' },
    { name: 'PHONE', threshold: 0.8 },
    { name: 'EMPLOYEE', mode: 'observe' },
    { name: 'PERSON', mode: 'off' },
  ];
  const { redaction } = loadConfig(source({ mode: 'mask', entities, custom }));
  assert.deepEqual([redaction.entities, redaction.custom], [entities, custom]);
});

test('the environment sets mode and opt-out', () => {
  const set = {
    ...env,
    ASSISTANT_PROXY_REDACTION_MODE: 'mask',
    ASSISTANT_PROXY_REDACTION_OPT_OUT: 'allow',
    ASSISTANT_PROXY_REDACTION_OUTPUTS: 'true',
    ASSISTANT_PROXY_REDACTION_ANALYZER_URL: 'http://127.0.0.1:3000/',
  };
  const { mode, optOut, outputs, analyzer } = loadConfig({ env: set }).redaction;
  assert.deepEqual([mode, optOut, outputs, analyzer.url], ['mask', 'allow', true, 'http://127.0.0.1:3000']);
});

test('an entity that nobody finds is refused with the one that was meant', () => {
  assert.deepEqual(problemsOf(source({ entities: [{ name: 'IBAN' }, { name: 'EMIAL' }] })), [
    { path: 'redaction.entities[1].name', message: 'is no entity; did you mean EMAIL?' },
  ]);
  assert.deepEqual(pathsOf({ entities: [{ name: 'EMAIL' }, { name: 'EMAIL' }] }), [
    'redaction.entities[1].name',
  ]);
  assert.deepEqual(pathsOf({ entities: [{ name: 'email', mode: 'mask' }] }), ['redaction.entities[0].name']);
});

test('what is wrong within a list has its path, all of it at once', () => {
  const redaction = {
    mode: 'redact',
    entities: [{ name: 'EMAIL', mode: 'hide', threshold: 2 }],
    allow: [' '],
    custom: [{ name: '1st', pattern: '(a' }, { name: 'ok' }],
    phoneRegions: ['US', 'XX'],
    keepSeconds: 1,
    analyzer: { url: 'presidio:3000', entities: [], threshold: -1, onFailure: 'ignore' },
  };
  assert.deepEqual(pathsOf(redaction).sort(), [
    'redaction.allow[0]',
    'redaction.analyzer.entities',
    'redaction.analyzer.onFailure',
    'redaction.analyzer.threshold',
    'redaction.analyzer.url',
    'redaction.custom[0].name',
    'redaction.custom[0].pattern',
    'redaction.custom[1].pattern',
    'redaction.entities[0].mode',
    'redaction.entities[0].threshold',
    'redaction.keepSeconds',
    'redaction.mode',
    'redaction.phoneRegions[1]',
  ]);
});

for (const pattern of [
  '(a',
  '(?<=a)b',
  '(a)\\1',
  'a{1001}',
  '((a{100}){100}){100}',
  'a*',
  '',
  'a'.repeat(1001),
]) {
  test(`the pattern ${pattern.slice(0, 30) || 'of nothing'} is refused with the reason, which does not quote it`, () => {
    const problem = patternProblem(pattern);
    assert.ok(problem !== undefined && (pattern === '' || !problem.includes(`\`${pattern}`)), problem);
    assert.deepEqual(pathsOf({ custom: [{ name: 'a', pattern }] }), ['redaction.custom[0].pattern']);
  });
}

test('the mode of a custom entity is chosen once', () => {
  const custom = [{ name: 'employee', pattern: 'a', mode: 'mask' }];
  assert.deepEqual(pathsOf({ custom, entities: [{ name: 'EMPLOYEE', mode: 'block' }] }), [
    'redaction.entities[0].mode',
  ]);
  assert.deepEqual(pathsOf({ custom, entities: [{ name: 'EMPLOYEE', threshold: 1 }] }), []);
});

test('custom entities have names of their own, whatever their case', () => {
  const custom = ['email', 'employee', 'Employee'].map((name) => ({ name, pattern: 'a' }));
  assert.deepEqual(pathsOf({ custom }), ['redaction.custom[0].name', 'redaction.custom[2].name']);
});

test('a hash needs a secret, wherever the mode is chosen', () => {
  const custom = [{ name: 'employee', pattern: 'a', mode: 'hash' }];
  assert.deepEqual(pathsOf({ mode: 'hash' }), ['redaction.mode']);
  assert.deepEqual(pathsOf({ entities: [{ name: 'IBAN' }, { name: 'EMAIL', mode: 'hash' }] }), [
    'redaction.entities[1].mode',
  ]);
  assert.deepEqual(pathsOf({ custom }), ['redaction.custom[0].mode']);
  assert.match(messageOf({ mode: 'hash' }), /set redaction\.hashKeyFile, or redaction\.hashKey/);
  assert.deepEqual(pathsOf({ mode: 'hash', hashKey: 'too short' }), ['redaction.hashKey']);
  assert.deepEqual(pathsOf({ mode: 'hash', hashKey: '0123456789abcdef' }), []);
  assert.deepEqual(pathsOf({ mode: 'hash', hashKeyFile: '/run/secrets/hash' }), []);
});

test('pseudonyms need a file of keys, of their own or that of the store', () => {
  assert.deepEqual(pathsOf({ mode: 'pseudonymize' }), ['redaction.mode']);
  assert.match(
    messageOf({ mode: 'pseudonymize' }),
    /set redaction\.encryptionKeyFile, or store\.encryptionKeyFile/,
  );
  assert.deepEqual(pathsOf({ mode: 'pseudonymize', encryptionKeyFile: '/run/secrets/keys' }), []);
  const store = { encryptionKeyFile: '/run/secrets/keys' };
  assert.deepEqual(pathsOf({ mode: 'pseudonymize' }, { store }), []);
});

test('the secret of hashes is shown by no report', () => {
  const hashKey = 'a-very-secret-hash-key';
  const { valid, report } = checkConfig(source({ mode: 'hash', hashKey }));
  assert.deepEqual([valid, report.includes(hashKey)], [true, false]);
});

test('budgets and limits that go by names of callers need a key that pods share where names are hidden', () => {
  const budgets = [{ name: 'day', per: ['user'], limit: { tokens: 1 }, window: { every: 'day' } }];
  const identity = { user: 'header:x-user-id' };
  assert.deepEqual(problemsOf(source({ mode: 'mask' }, { identity, budgets })), [
    {
      path: 'redaction.hashKey',
      message:
        'is needed where budgets or limits go by a name that callers say (identity.user): where that is personal data they see a digest, which must be the same on every pod; set redaction.hashKeyFile, or redaction.hashKey',
    },
  ]);
  const limits = [{ name: 'own', match: { team: ['a*'] }, concurrency: 1 }];
  const team = ['metadata.team'];
  assert.deepEqual(
    pathsOf({ entities: [{ name: 'EMAIL', mode: 'block' }] }, { identity: { team }, limits }),
    ['redaction.hashKey'],
  );
  for (const [redaction, others] of [
    [{ mode: 'observe' }, { identity, budgets }],
    [{ mode: 'mask' }, { identity }],
    [{ mode: 'mask' }, { identity: { user: 'everybody' }, budgets }],
    [
      { mode: 'mask', hashKeyFile: '/run/key' },
      { identity, budgets },
    ],
    [{ mode: 'mask' }, { identity, budgets, store: { encryptionKeyFile: '/run/keys' } }],
  ] as const) {
    assert.deepEqual(pathsOf(redaction, others), []);
  }
});
