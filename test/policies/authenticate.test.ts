import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type CallerKey, createCallerKeys } from '../../src/auth/caller-keys.ts';
import { ProxyError } from '../../src/errors.ts';
import type { Headers } from '../../src/exchange.ts';
import { authenticate } from '../../src/policies/authenticate.ts';
import { plainExchange } from '../harness/exchange.ts';
import { passedOn } from './passed-on.ts';

const searchKey = 'key-of-the-search-team';
const nextSearchKey = 'next-key-of-the-search-team';
const salesKey = 'key-of-the-sales-team';

function caller(name: string, key: string, identity: CallerKey['identity'] = {}): CallerKey {
  return { name, key, keyFile: '', identity };
}

function callersOf(test: TestContext, ...entries: CallerKey[]) {
  const callers = createCallerKeys(entries, (error) => assert.fail(error));
  test.after(() => callers.close());
  return callers;
}

function threeCallers(test: TestContext) {
  return callersOf(
    test,
    caller('search', searchKey, { team: 'search' }),
    caller('search-next', nextSearchKey, { team: 'search' }),
    caller('sales', salesKey, { org: 'globex', user: 'crm' }),
  );
}

test('a known key passes with its identity, as a bearer token or in api-key', async (t) => {
  const policy = authenticate(threeCallers(t));
  const identityFor = async (headers: Headers) =>
    (await passedOn(policy, { ...plainExchange(), headers })).identity;
  const search = { org: '', team: 'search', app: '', user: '' };
  assert.deepEqual(await identityFor({ authorization: `Bearer ${searchKey}` }), search);
  assert.deepEqual(await identityFor({ authorization: `bearer  ${searchKey}` }), search);
  assert.deepEqual(await identityFor({ 'api-key': searchKey }), search);
  assert.deepEqual(await identityFor({ authorization: 'Basic YTpi', 'api-key': searchKey }), search);
  const sales = { org: 'globex', team: '', app: '', user: 'crm' };
  assert.deepEqual(await identityFor({ authorization: `Bearer ${salesKey}` }), sales);
});

test('two keys of one identity are valid at once, so that one can replace the other', async (t) => {
  const policy = authenticate(threeCallers(t));
  for (const key of [searchKey, nextSearchKey]) {
    const passed = await passedOn(policy, { ...plainExchange(), headers: { 'api-key': key } });
    assert.equal(passed.identity?.team, 'search');
  }
});

for (const [what, headers] of [
  ['no key', {}],
  ['an empty key', { authorization: 'Bearer ' }],
  ['an empty api-key', { 'api-key': '' }],
  ['an unknown key', { authorization: 'Bearer sk-placeholder-0123' }],
  ['a part of a key', { authorization: `Bearer ${searchKey.slice(0, -1)}` }],
  ['more than a key', { authorization: `Bearer ${searchKey}x` }],
  ['a key in other letters', { authorization: `Bearer ${searchKey.toUpperCase()}` }],
  ['a key without its scheme', { authorization: searchKey }],
  ['two keys at once', { authorization: `Bearer ${searchKey}, Bearer ${searchKey}` }],
  ['an unknown bearer beside a known api-key', { authorization: 'Bearer x', 'api-key': searchKey }],
  ['a name of what objects inherit', { authorization: 'Bearer constructor' }],
] as const) {
  test(`a call with ${what} is refused, and its body is not touched`, async (t) => {
    const untouched = (): never => assert.fail('the body was touched');
    const exchange = {
      ...plainExchange(),
      headers,
      body: { kind: 'unread', source: { collect: untouched, open: untouched } },
    } as const;
    await assert.rejects(passedOn(authenticate(threeCallers(t)), exchange), (error) => {
      assert.ok(error instanceof ProxyError);
      assert.deepEqual([error.code, error.status], ['invalid_api_key', 401]);
      assert.deepEqual(error.headers, { 'www-authenticate': 'Bearer' });
      return true;
    });
  });
}

test('without callers everybody may call', async () => {
  const exchange = plainExchange();
  assert.equal(await passedOn(authenticate(undefined), exchange), exchange);
});

test('two entries with one key are refused by their names', () => {
  const entries = [caller('a', searchKey), caller('b', searchKey)];
  assert.throws(() => createCallerKeys(entries, assert.fail), {
    message: 'auth.keys: b and a hold the same key',
  });
});
