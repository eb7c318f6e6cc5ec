import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Exchange } from '../../src/exchange.ts';
import { factsOf, isScopeOf, scopeOf } from '../../src/ledger/scopes.ts';
import { matchOperation } from '../../src/openai/match-operation.ts';
import { plainExchange } from '../harness/exchange.ts';
import { someFacts } from './facts.ts';

test('a scope names each dimension and its value, in the order of the rule', () => {
  assert.equal(scopeOf([], someFacts()), '');
  assert.equal(scopeOf(['user', 'team'], someFacts()), 'user=u1,team=search');
  const facts = someFacts({ metadata: { 'cost.center': '42' } });
  assert.equal(
    scopeOf(['org', 'app', 'model', 'assistant', 'operation', 'metadata.cost.center'], facts),
    'org=acme,app=crawler,model=gpt-5-mini,assistant=asst_1,operation=threads.runs.create,metadata.cost.center=42',
  );
});

test('all whose value is missing share one scope', () => {
  assert.equal(scopeOf(['model', 'metadata.project'], someFacts({ model: '' })), 'model=,metadata.project=');
});

function scopeOfUser(user: string): string {
  return scopeOf(['user'], someFacts({ identity: { org: '', team: '', app: '', user } }));
}

for (const [value, scope] of [
  ['Ada Lovelace', 'user=Ada Lovelace'],
  ['a=b,c%2C', 'user=a%3Db%2Cc%252C'],
  ['ünïcode', 'user=%C3%BCn%C3%AFcode'],
  ['line\nend\u0000', 'user=line%0Aend%00'],
  ['\ud83d\ude00', 'user=%F0%9F%98%80'],
  ['\ud800', 'user=%EF%BF%BD'],
  ['u'.repeat(128), `user=${'u'.repeat(128)}`],
] as const) {
  test(`the user ${JSON.stringify(value).slice(0, 20)} is written ${scope.slice(0, 40)}`, () => {
    assert.equal(scopeOfUser(value), scope);
  });
}

test('a long value is told by its SHA-256, and so is one that grows long by encoding', () => {
  for (const value of ['u'.repeat(129), 'ü'.repeat(100)]) {
    assert.match(scopeOfUser(value), /^user=sha256=[0-9a-f]{64}$/);
  }
  assert.notEqual(scopeOfUser('u'.repeat(129)), scopeOfUser('u'.repeat(130)));
});

test('whatever the values, a scope is short printable ASCII, and different values have different ones', () => {
  const values = fc.record({
    team: fc.string({ unit: 'binary', maxLength: 140 }),
    user: fc.string({ unit: 'binary', maxLength: 140 }),
    model: fc.string({ maxLength: 140 }),
    project: fc.string({ maxLength: 140 }),
  });
  const per = ['team', 'user', 'model', 'metadata.project'];
  const scopeOfValues = ({ team, user, model, project }: Record<string, string>): string =>
    scopeOf(
      per,
      someFacts({
        identity: { org: '', team: team!, app: '', user: user! },
        model: model!,
        metadata: { project: project! },
      }),
    );
  fc.assert(
    fc.property(values, values, (some, others) => {
      const scope = scopeOfValues(some);
      assert.match(scope, /^[ -~]{1,300}$/);
      const areSame = Object.keys(some).every((key) => Reflect.get(some, key) === Reflect.get(others, key));
      assert.equal(scopeOfValues(others) === scope, areSame);
    }),
    { numRuns: 2000 },
  );
});

test('values can not be shifted from one dimension into another', () => {
  const metadata = (one: string, two: string) =>
    scopeOf(['metadata.a', 'metadata.b'], someFacts({ metadata: { a: one, b: two } }));
  assert.notEqual(metadata('1,metadata.b=2', ''), metadata('1', '2,metadata.b='));
  assert.equal(metadata('1,metadata.b=2', ''), 'metadata.a=1%2Cmetadata.b%3D2,metadata.b=');
});

function exchangeFor(method: string, pathname: string, value?: unknown): Exchange {
  const match = matchOperation(method, pathname);
  assert.ok(match);
  return {
    ...plainExchange(),
    method,
    operation: match.operation,
    path: match.path,
    deployment: match.deployment,
    body: value === undefined ? { kind: 'none' } : { kind: 'json', bytes: Buffer.alloc(0), value },
  };
}

test('model, assistant, operation and metadata are read from the call', () => {
  const body = { model: 'gpt-5', assistant_id: 'asst_1', metadata: { project: 'apollo', count: 3 } };
  const facts = factsOf(exchangeFor('POST', '/v1/threads/thread_1/runs', body), 'openai');
  assert.deepEqual([facts.model, facts.assistant], ['gpt-5', 'asst_1']);
  assert.equal(facts.operation, 'threads.runs.create');
  assert.equal(facts.metadata('project'), 'apollo');
  assert.equal(facts.metadata('count'), '');
  assert.deepEqual(facts.identity, { org: '', team: '', app: '', user: '' });
});

test('an assistant is read from the path, however it is spelled there', () => {
  for (const path of ['/v1/assistants/asst_1', '/v1/%61ssistants/%61sst_1']) {
    assert.equal(
      factsOf(exchangeFor('POST', path, { assistant_id: 'asst_2' }), 'openai').assistant,
      'asst_1',
    );
  }
});

test('the model is the one that the upstream obeys', () => {
  const path = '/openai/deployments/dear%2Dmodel/chat/completions';
  const both = exchangeFor('POST', path, { model: 'cheap' });
  assert.equal(factsOf(both, 'azure').model, 'dear-model');
  assert.equal(factsOf(both, 'openai').model, 'cheap');
  const pathOnly = exchangeFor('POST', path, {});
  assert.equal(factsOf(pathOnly, 'azure').model, 'dear-model');
  assert.equal(factsOf(pathOnly, 'openai').model, 'dear-model');
  const bodyOnly = exchangeFor('POST', '/openai/v1/chat/completions', { model: 'gpt-5' });
  assert.equal(factsOf(bodyOnly, 'azure').model, 'gpt-5');
});

for (const value of [
  null,
  7,
  'text',
  [],
  { model: 1, metadata: 'x' },
  { metadata: null },
  { metadata: [1] },
]) {
  test(`a body that is ${JSON.stringify(value)} says nothing`, () => {
    const facts = factsOf(exchangeFor('POST', '/v1/chat/completions', value), 'openai');
    assert.deepEqual(
      [facts.model, facts.assistant, facts.metadata('0'), facts.metadata('x')],
      ['', '', '', ''],
    );
  });
}

test('only what the caller sent counts, not what every object inherits', () => {
  const inherited: unknown = Object.assign(Object.create({ model: 'gpt-5', metadata: { project: 'x' } }), {});
  const facts = factsOf(exchangeFor('POST', '/v1/chat/completions', inherited), 'openai');
  assert.deepEqual([facts.model, facts.metadata('project'), facts.metadata('constructor')], ['', '', '']);
  const body: unknown = JSON.parse('{"metadata": {"__proto__": "p", "constructor": "c"}}');
  const sent = factsOf(exchangeFor('POST', '/v1/chat/completions', body), 'openai');
  assert.deepEqual([sent.metadata('__proto__'), sent.metadata('constructor')], ['p', 'c']);
});

test('a scope is one of the dimensions that it was made of, and of no others', () => {
  const odd = someFacts({ model: 'a,team=b' });
  const lists = [[], ['team'], ['team', 'model'], ['model', 'team'], ['user']];
  for (const per of lists) {
    const scope = scopeOf(per, odd);
    assert.deepEqual(
      lists.filter((other) => isScopeOf(other, scope)),
      [per],
      scope,
    );
  }
  const long = 'x'.repeat(128);
  const many = ['metadata.a', 'metadata.b', 'metadata.c'];
  const digested = scopeOf(many, someFacts({ metadata: { a: long, b: long, c: long } }));
  assert.match(digested, /^sha256=/);
  assert.deepEqual([isScopeOf(many, digested), isScopeOf([], digested)], [true, false]);
});
