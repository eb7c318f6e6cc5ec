import assert from 'node:assert/strict';
import { test } from 'node:test';

import { budgetRow, freeRow } from '../harness/budget-rows.ts';
import { billedTokens, chat, startGoverned } from '../harness/governed.ts';

const small = 'limit: { tokens: 150 }, window: { every: day }, onTight: deny';
/** Fits once into the small budget. */
const once = chat(60);

test('an observing budget counts and reports, and neither denies nor lowers anything', async (t) => {
  const config = 'budgets: [{ name: seen, limit: { tokens: 10 }, window: { every: day }, mode: observe }]';
  const { post, standIn, settled } = await startGoverned(t, { config });
  for (let index = 0; index < 3; index += 1) {
    const answer = await post('/chat/completions', once);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('ratelimit'), null);
  }
  const row = await settled('seen');
  assert.deepEqual([row.mode, row.limit, row.remaining], ['observe', 10, 0]);
  assert.equal(row.used, billedTokens(standIn));
  assert.ok(row.used > 180);
  for (const { json } of standIn.requests) assert.deepEqual(json, once);
});

test('an observing budget counts what an enforced one beside it lets through, and no more', async (t) => {
  const config = `budgets:
  - { name: seen, limit: { tokens: 10 }, window: { every: day }, mode: observe }
  - { name: day, ${small} }`;
  const { post, settled } = await startGoverned(t, { config });
  assert.equal((await post('/chat/completions', once)).status, 200);
  assert.equal((await post('/chat/completions', once)).status, 429);
  assert.equal((await settled('seen')).used, (await settled('day')).used);
});

for (const [unit, limit, says] of [
  ['tokens', 'tokens: 150, usd: 1000', / of 150 tokens left/],
  // At the built-in price of gpt-4o the maximum of output alone costs a tenth of a cent.
  ['money', 'tokens: 100000, usd: 0.0015', / of \$0\.0015 left/],
] as const) {
  test(`of two units both bind: ${unit} may be what is short`, async (t) => {
    const config = `budgets: [{ name: day, limit: { ${limit} }, window: { every: day }, onTight: deny }]`;
    const { post, sidecar } = await startGoverned(t, { config });
    assert.equal((await post('/chat/completions', once)).status, 200);
    await freeRow(sidecar, { name: 'day', unit: 'tokens' });
    const refused = await post('/chat/completions', once);
    assert.equal(refused.status, 429);
    const { error } = (await refused.json()) as { error: { message: string } };
    assert.match(error.message, says);
    for (const row of await sidecar.budgets()) assert.ok(row.used > 0 && row.used < row.limit, row.unit);
  });
}

test('a refusal by one budget holds nothing in the others', async (t) => {
  const config = `budgets:
  - { name: large, limit: { tokens: 100000 }, window: { every: day } }
  - { name: none, limit: { tokens: 1 }, window: { every: day } }`;
  const { post, budget } = await startGoverned(t, { config });
  assert.equal((await post('/chat/completions', once)).status, 429);
  for (const name of ['large', 'none']) {
    const row = await budget(name);
    assert.ok(row === undefined || (row.used === 0 && row.held === 0), name);
  }
});

test('users have budgets of their own, and those who are not told share one', async (t) => {
  const config = `identity: { user: ["metadata.user_id", "header:x-user-id"] }
budgets: [{ name: mine, per: [user], ${small} }]`;
  const { post, sidecar } = await startGoverned(t, { config });
  const metadata = (user_id: string) => post('/chat/completions', { ...once, metadata: { user_id } });
  const header = (user: string) => post('/chat/completions', once, { headers: { 'x-user-id': user } });
  assert.equal((await metadata('ann')).status, 200);
  await freeRow(sidecar, { scope: 'user=ann' });
  assert.equal((await metadata('ann')).status, 429);
  assert.equal((await header('ann')).status, 429, 'the same user, told in another way');
  assert.equal((await header('bob')).status, 200);
  assert.equal((await post('/chat/completions', once)).status, 200);
  await freeRow(sidecar, { scope: 'user=' });
  assert.equal((await metadata('')).status, 429, 'an empty user is an unknown one');
  const scopes = (await sidecar.budgets()).map(({ scope }) => scope);
  assert.deepEqual(scopes.toSorted(), ['user=', 'user=ann', 'user=bob']);
});

test('projects in metadata have budgets of their own, and no spelling joins two of them', async (t) => {
  const config = `budgets: [{ name: mine, per: [metadata.project, model], ${small} }]`;
  const { post, sidecar } = await startGoverned(t, { config });
  const projects = ['a', 'a,model=gpt-4o', 'a%2C', 'é'];
  for (const project of projects) {
    const answer = await post('/chat/completions', { ...once, metadata: { project } });
    assert.equal(answer.status, 200, project);
  }
  const rows = await sidecar.budgets();
  assert.equal(new Set(rows.map(({ scope }) => scope)).size, projects.length);
  assert.ok(rows.some(({ scope }) => scope === 'metadata.project=a,model=gpt-4o'));
});

test('a budget binds the calls that fit its patterns, and no others', async (t) => {
  const config = `budgets:
  - { name: minis, match: { model: ["gpt-4o-*", "*-mini"], operation: "chat.*" }, limit: { tokens: 1 }, window: { every: day } }`;
  const { post, sidecar } = await startGoverned(t, { config });
  const statusOf = async (model: string) => (await post('/chat/completions', { ...once, model })).status;
  assert.equal(await statusOf('gpt-4o-2024-08-06'), 429);
  assert.equal(await statusOf('gpt-4.1-mini'), 429);
  assert.equal(await statusOf('gpt-4o'), 200);
  const response = { model: 'gpt-4o-mini', input: 'Hi', max_output_tokens: 20 };
  assert.equal((await post('/responses', response)).status, 200);
  assert.equal(await budgetRow(sidecar, { name: 'minis' }), undefined);
});

test('calls that cost no tokens need no budget', async (t) => {
  const config = 'budgets: [{ name: none, limit: { tokens: 1 }, window: { every: day } }]';
  const { sidecar } = await startGoverned(t, { config });
  assert.equal((await fetch(`${sidecar.url}/models`)).status, 200);
  assert.deepEqual(await sidecar.budgets(), []);
});
