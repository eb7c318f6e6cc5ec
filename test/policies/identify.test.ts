import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Exchange, Headers, Identity, RequestBody } from '../../src/exchange.ts';
import { type IdentitySources, identify } from '../../src/policies/identify.ts';
import { plainExchange } from '../harness/exchange.ts';
import { keptBytesOf } from './kept-bytes.ts';
import { passedOn } from './passed-on.ts';

const nobody: IdentitySources = { org: 'acme', team: [], app: [], user: [] };

interface Call {
  readonly headers?: Headers;
  readonly body?: unknown;
  /** As `authenticate` left it. */
  readonly identity?: Identity;
}

async function identityOf(sources: Partial<IdentitySources>, { headers, body, identity }: Call = {}) {
  const json: RequestBody = { kind: 'json', bytes: Buffer.alloc(0), value: body };
  const exchange: Exchange = {
    ...plainExchange(),
    headers: headers ?? {},
    ...(body === undefined ? {} : { body: json }),
    ...(identity ? { identity } : {}),
  };
  const passed = await passedOn(identify({ ...nobody, ...sources }, true), exchange);
  assert.deepEqual({ ...passed, identity: undefined }, { ...exchange, identity: undefined });
  assert.equal(exchange.record.identity, passed.identity);
  return passed.identity;
}

test('fixed texts are the identity of every call, and what is not configured is empty', async () => {
  assert.deepEqual(await identityOf({ team: ['search'] }), {
    org: 'acme',
    team: 'search',
    app: '',
    user: '',
  });
});

test('of several sources the first that says something counts', async () => {
  const user = ['metadata.user_id', 'header:X-User-Id', 'body.user', 'nobody'];
  const call = { headers: { 'x-user-id': ' ada ' }, body: { user: 'bob', metadata: { user_id: '  ' } } };
  assert.equal((await identityOf({ user }, call))?.user, 'ada');
  const named = { ...call, body: { metadata: { user_id: 'eve' } } };
  assert.equal((await identityOf({ user }, named))?.user, 'eve');
  assert.equal((await identityOf({ user }, { body: { user: 'bob' } }))?.user, 'bob');
  assert.equal((await identityOf({ user }))?.user, 'nobody');
});

test("OpenAI's own fields for a user are sources too", async () => {
  const body = { safety_identifier: 's', prompt_cache_key: 'p' };
  const sources = { team: ['body.prompt_cache_key'], user: ['body.safety_identifier'] };
  assert.deepEqual(await identityOf(sources, { body }), { org: 'acme', team: 'p', app: '', user: 's' });
});

test('a key of metadata may hold dots', async () => {
  const body = { metadata: { 'cost.center': '42' } };
  assert.equal((await identityOf({ team: ['metadata.cost.center'] }, { body }))?.team, '42');
});

for (const body of [
  null,
  'text',
  { user: 7, metadata: { id: 7 } },
  { user: {}, metadata: 'id' },
  { user: '', metadata: null },
]) {
  test(`${JSON.stringify(body)} says nothing of a user`, async () => {
    assert.equal(
      (await identityOf({ user: ['body.user', 'metadata.id', 'nobody'] }, { body }))?.user,
      'nobody',
    );
  });
}

test('what every object inherits is neither a header nor metadata', async () => {
  const user = ['header:constructor', 'metadata.constructor', 'header:__proto__'];
  assert.equal((await identityOf({ user }, { body: { metadata: {} } }))?.user, '');
});

test('of a header that was sent several times the first counts', async () => {
  const headers = { 'x-user-id': ['a', 'b'] };
  assert.equal((await identityOf({ user: ['header:x-user-id'] }, { headers }))?.user, 'a');
});

test('a value longer than 512 characters is cut', async () => {
  const headers = { 'x-user-id': 'u'.repeat(5000) };
  assert.equal((await identityOf({ user: ['header:x-user-id'] }, { headers }))?.user.length, 512);
});

test("the identity of the caller's key wins over all that the request says", async () => {
  const identity = { org: 'globex', team: 'search', app: '', user: '' };
  const headers = { 'x-team': 'sales', 'x-user-id': 'ada' };
  const sources = { team: ['header:x-team'], user: ['header:x-user-id'], app: ['crawler'] };
  assert.deepEqual(await identityOf(sources, { headers, identity }), {
    org: 'globex',
    team: 'search',
    app: 'crawler',
    user: 'ada',
  });
});

test('nothing in a request chooses the organisation', async () => {
  const call = {
    headers: { 'openai-organization': 'globex', 'x-org': 'globex' },
    body: { org: 'globex', metadata: { org: 'globex' } },
  };
  assert.equal((await identityOf({}, call))?.org, 'acme');
});

test('a name keeps nothing in memory of the body that it was read from', () => {
  const names: (string | undefined)[] = [];
  const keptBytes = keptBytesOf(20, (index) => {
    const value = { metadata: { team: `${' '.repeat(2_000_000)}team-of-number-${index}` } };
    const body = { kind: 'json' as const, bytes: Buffer.alloc(0), value };
    void identify(
      { ...nobody, team: ['metadata.team'] },
      true,
    )((exchange) => {
      names.push(exchange.identity?.team);
      return new Promise(() => {});
    })({ ...plainExchange(), body });
    return names.at(-1);
  });
  assert.equal(names[7], 'team-of-number-7');
  assert.ok(keptBytes < 20_000_000, `${keptBytes} bytes`);
});
