import assert from 'node:assert/strict';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';

import OpenAI from 'openai';

import { chargedRow } from '../harness/budget-rows.ts';
import { writeConfig } from '../harness/config-file.ts';
import { chat, startGoverned } from '../harness/governed.ts';
import { openSocket } from '../harness/raw.ts';
import { until } from '../harness/redis.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';

const searchKey = 'key-of-the-search-team';
const salesKey = 'key-of-the-sales-team';
const globexKey = 'key-of-globex-0123456789';
const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

const config = `identity: { org: acme, team: "header:x-team", user: "metadata.user_id" }
auth:
  keys:
    - { name: search, key: ${searchKey}, identity: { team: search } }
    - { name: sales, key: ${salesKey}, identity: { team: sales, user: crm } }
    - { name: globex, key: ${globexKey}, identity: { org: globex } }
budgets:
  - { name: team-day, per: [team, user], limit: { tokens: 150 }, window: { every: day }, onTight: deny }
`;

for (const host of ['0.0.0.0', '::']) {
  test(`on ${host} a sidecar without callers' keys does not start, and one with them is reached by IPv4`, async (t) => {
    const start = (text: string) =>
      startSidecar(t, {
        upstreamUrl: 'http://127.0.0.1:9/v1',
        config: `listen: { host: '${host}' }\nadmin: { host: '${host}' }\n${text}`,
      });
    await assert.rejects(start(''), /listen\.host.*callers' keys are needed/s);
    const { port, adminUrl } = await start(`auth: { keys: [{ name: one, key: ${searchKey} }] }`);
    assert.equal((await fetch(`http://127.0.0.1:${port}/v1/models`)).status, 401);
    assert.equal((await fetch(`${adminUrl}/readyz`)).status, 200);
  });
}

test('a call without a known key is refused in the shape of OpenAI, and nothing is sent', async (t) => {
  const { post, standIn, sidecar } = await startGoverned(t, { config });
  for (const headers of [{}, { authorization: 'Bearer sk-unknown-0123456789' }, { 'api-key': 'x' }]) {
    const refused = await post('/chat/completions', chat(1), { headers });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
    const { error } = (await refused.json()) as { error: Record<string, unknown> };
    assert.deepEqual([error['code'], error['type']], ['invalid_api_key', 'invalid_request_error']);
  }
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'sk-unknown-0123456789' });
  await assert.rejects(client.models.list(), OpenAI.AuthenticationError);
  assert.equal(standIn.requests.length, 0);
  assert.deepEqual(await sidecar.budgets(), []);
});

test('a stranger is answered before its body was sent', async (t) => {
  const { sidecar } = await startGoverned(t, { config });
  const caller = await openSocket(sidecar.port);
  t.after(() => caller.destroy());
  caller.write(
    'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{',
  );
  const [answer] = (await once(caller, 'data')) as [Buffer];
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 401 /);
});

test('a key is taken as a bearer token or in api-key, and replaced by the key for the upstream', async (t) => {
  const { sidecar, post, standIn } = await startGoverned(t, { config });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: searchKey });
  assert.ok((await client.models.list()).data.length > 0);
  const answer = await post('/chat/completions', chat(1), { headers: { 'api-key': searchKey } });
  assert.equal(answer.status, 200);
  for (const { headers } of standIn.requests) {
    assert.equal(headers.authorization, `Bearer ${upstreamKey}`);
    assert.ok(!JSON.stringify(headers).includes(searchKey));
  }
});

test('the identity of a key wins over whatever a call says of itself', async (t) => {
  const { post, sidecar } = await startGoverned(t, { config });
  const call = (key: string, team: string, user_id: string) =>
    post(
      '/chat/completions',
      { ...chat(60), metadata: { user_id } },
      { headers: { ...bearer(key).headers, 'x-team': team } },
    );
  assert.equal((await call(salesKey, 'search', 'ann')).status, 200);
  await chargedRow(sidecar, { scope: 'team=sales,user=crm' });
  assert.equal((await call(salesKey, 'marketing', 'bob')).status, 429, 'it is the same share');
  // What a key leaves open is as the call says.
  assert.equal((await call(searchKey, 'sales', 'ann')).status, 200);
  await chargedRow(sidecar, { scope: 'team=search,user=ann' });
  assert.equal((await call(globexKey, 'sales', 'crm')).status, 200, "another organisation's");
  const rows = (await sidecar.budgets()).map(({ org, scope }) => `${org} ${scope}`);
  assert.deepEqual(rows.toSorted(), [
    'acme team=sales,user=crm',
    'acme team=search,user=ann',
    'globex team=sales,user=crm',
  ]);
});

test('organisations have budgets of their own, though the budget is one', async (t) => {
  const oneEach = config.replace('per: [team, user], ', '');
  const { post, sidecar } = await startGoverned(t, { config: oneEach });
  assert.equal((await post('/chat/completions', chat(60), bearer(searchKey))).status, 200);
  await chargedRow(sidecar, { org: 'acme' });
  assert.equal((await post('/chat/completions', chat(60), bearer(salesKey))).status, 429);
  assert.equal((await post('/chat/completions', chat(60), bearer(globexKey))).status, 200);
  assert.ok((await chargedRow(sidecar, { org: 'globex' })).used > 0);
});

test('a key in a file is replaced while the sidecar runs', async (t) => {
  const [oldKey, newKey] = ['old-key-0123456789', 'new-key-0123456789'];
  const file = writeConfig(t, oldKey);
  const keys = `auth: { keys: [{ name: rotated, keyFile: "${file}" }] }\n`;
  const { sidecar } = await startGoverned(t, { config: keys });
  const statusWith = async (key: string) => (await fetch(`${sidecar.url}/models`, bearer(key))).status;
  assert.deepEqual([await statusWith(oldKey), await statusWith(newKey)], [200, 401]);
  writeFileSync(`${file}.new`, newKey);
  renameSync(`${file}.new`, file);
  await until(async () => (await statusWith(newKey)) === 200);
  assert.equal(await statusWith(oldKey), 401);
});

test('no key is ever logged, told in a metric or in an answer', async (t) => {
  const { sidecar, texts } = await spendInAllWays(t);
  const seen = [...texts, JSON.stringify(sidecar.logLines()), await sidecar.metrics()].join('\n');
  for (const key of [searchKey, salesKey, globexKey, upstreamKey, 'sk-wrong-0123456789']) {
    assert.ok(!seen.includes(key), key);
  }
  assert.ok(sidecar.logLines().some(({ errorCode }) => errorCode === 'invalid_api_key'));
});

/** Calls that are answered, refused by the upstream, by a budget and for their key. */
async function spendInAllWays(t: TestContext) {
  const { post, sidecar, standIn } = await startGoverned(t, { config });
  const texts: string[] = [];
  for (const key of [searchKey, salesKey, salesKey, 'sk-wrong-0123456789', globexKey]) {
    if (key === globexKey) standIn.fail({ kind: 'reset' });
    const answer = await post('/chat/completions', chat(60), bearer(key));
    texts.push(await answer.text(), JSON.stringify([...answer.headers]));
    if (answer.status === 200)
      await until(async () => (await sidecar.budgets()).every(({ held }) => held === 0));
  }
  return { sidecar, texts };
}
