import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VaultStore } from '../../src/redaction/vault-store.ts';
import { startCluster, startRedis } from '../harness/redis.ts';
import { email, ring, scopeOf, terms, vaultOn } from '../redaction/contract/vault-under-test.ts';
import { array, testGarbledReplies, word } from './garbled-replies.ts';
import { openReadyVaultStore, openVaultStore } from './open-vault-store.ts';
import { rejection } from './rejection.ts';
import { startScriptedServer } from './scripted-server.ts';
import { untilCarriedOut } from './share-server.ts';
import { watchCommands } from './watch-commands.ts';

const thread = scopeOf('thread', 'thread_1');
const sealed = { entity: 'EMAIL', digest: 'd1', sealed: Buffer.from('k1:what only a key opens') };

function methodsOf(store: VaultStore): Record<string, () => Promise<unknown>> {
  return {
    begin: () => store.begin(thread, { originals: [{ ...sealed, number: 1 }], isFirst: true }),
    name: () => store.name(thread, [sealed]),
    read: () => store.read(thread),
    join: () => store.join(thread, scopeOf('response', 'resp_1')),
  };
}

test('a scope is one hash, which goes by itself, and leads to the table of whom it joined', async (t) => {
  const { url, client } = await startRedis(t);
  const store = await openReadyVaultStore(t, url, { keyPrefix: 'p' });
  const strange = scopeOf('thread', '{x}:y', 'a}b{c:d');
  await store.begin(strange, { originals: [], isFirst: true });
  await store.name(strange, [sealed, { ...sealed, digest: 'd2' }]);
  await store.join(strange, scopeOf('response', 'resp_1', 'a}b{c:d'));
  const tag = 'p:{a%7Db%7Bc%3Ad::originals}';
  const [table, joined] = [`${tag}:thread:%7Bx%7D%3Ay`, `${tag}:response:resp_1`];
  assert.deepEqual((await client.keys('*')).sort(), [joined, table].sort());
  assert.deepEqual(await client.hgetall(joined), { '=': table });
  assert.deepEqual(await client.hgetall(table), {
    '=': table,
    f: '1',
    'n:EMAIL': '2',
    'o:EMAIL:d1': '1:k1:what only a key opens',
    'o:EMAIL:d2': '2:k1:what only a key opens',
  });
  for (const extend of [
    () => store.read(scopeOf('response', 'resp_1', 'a}b{c:d')),
    () => store.name(scopeOf('response', 'resp_1', 'a}b{c:d'), [sealed]),
  ]) {
    for (const key of [table, joined]) await client.pexpire(key, 5000);
    await extend();
    for (const key of [table, joined]) assert.ok(isNear(await client.pttl(key)), key);
  }
});

const isNear = (ttlMs: number) => ttlMs <= terms.keepMs && ttlMs > terms.keepMs - 10_000;

test('a table that is begun holds what it is given, and goes by itself; begun again it stays as it is', async (t) => {
  const { url, client } = await startRedis(t);
  const store = await openReadyVaultStore(t, url, { keyPrefix: 'p' });
  const key = 'p:{acme::originals}:thread:thread_1';
  const originals = [
    { ...sealed, digest: 'd2', number: 12_345_678_901 },
    { ...sealed, number: 7 },
  ];
  await store.begin(thread, { originals, isFirst: false });
  assert.ok(isNear(await client.pttl(key)));
  await client.pexpire(key, 5000);
  await store.begin(thread, { originals: [{ ...sealed, digest: 'd3', number: 1 }], isFirst: true });
  assert.ok((await client.pttl(key)) <= 5000);
  assert.deepEqual(await client.hgetall(key), {
    'n:EMAIL': '12345678901',
    'o:EMAIL:d1': '7:k1:what only a key opens',
    'o:EMAIL:d2': '12345678901:k1:what only a key opens',
  });
  assert.deepEqual(await client.keys('*'), [key]);
});

test('a table that nobody has begun numbers by the clock of the server, those from before by what they had', async (t) => {
  const { url, client } = await startRedis(t);
  const store = await openReadyVaultStore(t, url, { keyPrefix: 'p' });
  const key = 'p:{acme::originals}:thread:thread_1';
  const seconds = async () => Number((await client.time())[0]) - Date.UTC(2026, 0, 1) / 1000;
  // As it was written when all numbers began at 1.
  await client.hset(key, { 'n:EMAIL': '1', 'o:EMAIL:d0': '1:k1:what only a key opens' });
  const from = await seconds();
  const [known, next, after] = await store.name(thread, [
    { ...sealed, digest: 'd0' },
    sealed,
    { ...sealed, digest: 'd2' },
  ]);
  assert.equal(known, 1);
  assert.ok(next! >= from && next! <= (await seconds()), `${next}`);
  assert.equal(after, next! + 1);
  assert.deepEqual(await client.hgetall(key), {
    'n:EMAIL': `${after}`,
    'o:EMAIL:d0': '1:k1:what only a key opens',
    'o:EMAIL:d1': `${next}:k1:what only a key opens`,
    'o:EMAIL:d2': `${after}:k1:what only a key opens`,
  });
  assert.ok(isNear(await client.pttl(key)));
});

test('reading what is not there writes nothing', async (t) => {
  const { url, client } = await startRedis(t);
  const store = await openReadyVaultStore(t, url);
  assert.deepEqual(await store.read(thread), []);
  assert.deepEqual(await client.keys('*'), []);
});

test('every method is one command', async (t) => {
  const redis = await startRedis(t);
  const store = await openReadyVaultStore(t, redis.url);
  const commandsOf = await watchCommands(t, redis);
  for (const [name, method] of Object.entries(methodsOf(store))) {
    await method();
    assert.deepEqual(await commandsOf(method), ['evalsha'], name);
  }
});

test('all scopes of an organisation live on one node of a cluster, so that each may join each', async (t) => {
  const cluster = await startCluster(t);
  const store = openVaultStore(t, cluster.url, { keyPrefix: 'p' });
  const vault = vaultOn(store, ring('k1'));
  // Each node is connected to when it is first needed.
  await untilCarriedOut(() => vault.name(thread, [email('a')]));
  for (let index = 0; index < 8; index += 1) {
    const scope = scopeOf('response', `resp_${index}`);
    await vault.join(
      index === 0 ? scopeOf('response', 'request') : scopeOf('response', `resp_${index - 1}`),
      scope,
    );
    await vault.name(scope, [email(`${index}`)]);
  }
  assert.equal((await vault.read(scopeOf('response', 'request'))).length, 8);
});

test('without a server every method says so in time, and that nothing has happened', async (t) => {
  const redis = await startRedis(t);
  const store = await openReadyVaultStore(t, redis.url);
  await redis.stop();
  for (const method of Object.values(methodsOf(store))) {
    assert.equal((await rejection(method())).mayHaveHappened, false);
  }
});

test('a server that is silent is waited for no longer than the configured time', async (t) => {
  const store = openVaultStore(t, await startScriptedServer(t, () => ''), { timeoutMs: 100 });
  for (const method of Object.values(methodsOf(store))) {
    assert.match((await rejection(method())).message, /no answer within 100 ms/);
  }
});

testGarbledReplies(
  {
    'more numbers than were asked for': array(word('named'), ':1\r\n', ':2\r\n'),
    'a number that is none': array(word('named'), ':0\r\n'),
    'half an original': array(word('table'), word('EMAIL:d')),
    'an original without a digest': array(word('table'), word('EMAIL'), word('1:k1:a')),
    'an original without a number': array(word('table'), word('EMAIL:d'), word('x:k1:a')),
  },
  (t, url) => methodsOf(openVaultStore(t, url)),
);
