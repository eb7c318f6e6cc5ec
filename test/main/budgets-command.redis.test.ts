import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import { budgetRow, chargedRow, heldRow } from '../harness/budget-rows.ts';
import { writeConfig } from '../harness/config-file.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson } from '../harness/governed.ts';
import { startRedis, until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';

const stores = {
  Redis: async (t: TestContext) => `redisUrl: "${(await startRedis(t)).url}", timeoutMs: 2000`,
  'the embedded store': async (t: TestContext) => {
    const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    return `stateDir: "${folder}"`;
  },
};

for (const [where, openStore] of Object.entries(stores)) {
  test(`list, show and reset look at and change ${where} under a running sidecar`, async (t) => {
    const { sidecar, spend, budgets, budgetsJson } = await startSpending(t, await openStore(t));
    for (const user of ['ann', 'ann', 'bob']) await spend(user);
    const rows = await sidecar.budgets();
    assert.deepEqual(
      rows.map(({ name, scope, unit, used }) => [name, scope, unit, used]),
      [
        ['mine', 'user=ann', 'tokens', 60],
        ['mine', 'user=bob', 'tokens', 30],
        ['money', '', 'usd', 0.000675],
      ],
    );
    // The embedded store's file is up to a second behind.
    await until(async () => isDeepStrictEqual(await budgetsJson('list'), rows));

    const [table, money, ofBob] = await Promise.all([
      budgets('list'),
      budgetsJson('show', 'money'),
      budgetsJson('show', 'mine', '--scope', 'user=bob'),
    ]);
    assert.equal(table.code, 0);
    const [head, ann] = table.stdout.split('\n');
    assert.match(head!, /^budget +scope +unit +limit +used +held +left +window ends$/);
    assert.match(ann!, /^mine +user=ann +tokens +1,000 +60 +0 +940 \(94 %\) +\S+Z$/);
    assert.deepEqual(money, rows.slice(2));
    assert.deepEqual(ofBob, rows.slice(1, 2));

    const reset = await budgets('reset', 'mine', '--scope', 'user=ann');
    assert.equal(reset.code, 0, reset.stderr);
    await until(async () => (await budgetRow(sidecar, { scope: 'user=ann' }))?.used === 0);
    assert.equal((await budgetRow(sidecar, { scope: 'user=bob' }))!.used, 30);
    assert.equal((await budgets('reset', 'mine')).code, 0);
    await until(async () => (await budgetRow(sidecar, { scope: 'user=bob' }))?.used === 0);
    assert.equal((await budgetRow(sidecar, { name: 'money' }))!.used, 0.000675);
  });
}

test('a reset lets a budget be spent again, and what a running call holds stays held', async (t) => {
  const { sidecar, spend, budgets, call, upstream } = await startSpending(t, await stores.Redis(t));
  await spend('ann');
  const running = call('ann');
  const arrival = await upstream.arrival(2);
  const { held } = await heldRow(sidecar, { scope: 'user=ann' });
  const reset = await budgets('reset', 'mine');
  assert.deepEqual(
    [reset.code, reset.stdout],
    [0, 'Reset 1 window of mine. What running calls hold stays held.\n'],
  );
  const { time: _, ...audited } = JSON.parse(reset.stderr) as Record<string, unknown>;
  const done = { event: 'budget_reset', org: 'default', budget: 'mine', windows: 1 };
  assert.deepEqual(audited, { level: 'info', audit: true, ...done, msg: 'audit' });
  const row = await budgetRow(sidecar, { scope: 'user=ann' });
  assert.deepEqual([row!.used, row!.held], [0, held]);
  arrival.answer();
  await running;
  assert.equal((await chargedRow(sidecar, { scope: 'user=ann' })).used, 30);
});

test('before anything was used there is nothing to list or to reset', async (t) => {
  const { budgets } = await startSpending(t, await stores.Redis(t));
  const [list, reset] = await Promise.all([budgets('list'), budgets('reset', 'mine')]);
  assert.deepEqual([list.code, list.stdout], [0, 'Nothing has been used of any budget yet.\n']);
  assert.deepEqual([reset.code, reset.stdout], [0, 'Nothing was used of mine: there is nothing to reset.\n']);
});

test('a budget of an unknown name is refused with those that there are', async (t) => {
  const budgets = budgetsCommand(writeConfig(t, rules));
  const { code, stdout } = await budgets('reset', 'mien');
  assert.deepEqual([code, stdout], [1, 'No budget is named mien. There are: mine, money.\n']);
});

test('a wrong use is explained, and ends with 2', async (t) => {
  const budgets = budgetsCommand(writeConfig(t, rules));
  const [nameless, unknown] = await Promise.all([budgets('show'), budgets('spend', 'mine')]);
  assert.deepEqual([nameless.code, unknown.code], [2, 2]);
  assert.match(nameless.stderr, /^budgets show needs the name of a budget\n[^]*npm start -- budgets list/);
  assert.match(unknown.stderr, /^unknown: budgets spend\n/);
});

test('while Redis is down a command says so, without its password, and ends with 1', async (t) => {
  const store = 'store: { redisUrl: "redis://:secret-password@127.0.0.1:1", timeoutMs: 200 }';
  const budgets = budgetsCommand(writeConfig(t, `${store}\n${rules}`));
  for (const { code, stdout, stderr } of await Promise.all([budgets('list'), budgets('reset', 'mine')])) {
    assert.equal(code, 1);
    assert.match(stdout, /^the store is unavailable: .*\. Check store\.redisUrl and that Redis runs\.\n$/);
    assert.doesNotMatch(stdout + stderr, /secret-password/);
  }
});

test('where no sidecar has kept an embedded store yet, a command says where it looked', async (t) => {
  const budgets = budgetsCommand(writeConfig(t, `store: { stateDir: /nowhere/at/all }\n${rules}`));
  for (const { code, stdout, stderr } of await Promise.all([budgets('list'), budgets('reset', 'mine')])) {
    assert.deepEqual([code, stderr], [1, '']);
    assert.match(stdout, /There is no ledger at \/nowhere\/at\/all\/ledger\.db\. Is store\.stateDir .*\n$/);
  }
});

const rules = `upstream: { apiKey: sk-x }
identity: { user: "header:x-user" }
budgets:
  - { name: mine, per: [user], limit: { tokens: 1000 }, window: { every: day } }
  - { name: money, limit: { usd: 1 }, window: { every: month } }
`;

async function startSpending(t: TestContext, store: string) {
  const upstream = await startGatedUpstream(t);
  const config = `store: { ${store} }\n${rules}`;
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config,
    // Else the state would be kept where no command looks.
    env: { ASSISTANT_PROXY_STORE_STATE_DIR: /stateDir: "(.*)"/.exec(store)?.[1] ?? './state' },
  });
  const budgets = budgetsCommand(writeConfig(t, config));
  const call = (user: string) =>
    postJson(`${sidecar.url}/chat/completions`, chat(1), { headers: { 'x-user': user } });
  return {
    sidecar,
    upstream,
    budgets,
    call,
    async spend(user: string) {
      const answer = call(user);
      (await upstream.arrival(upstream.arrivals.length + 1)).answer();
      await (await answer).text();
      await chargedRow(sidecar, { scope: `user=${user}` });
    },
    async budgetsJson(...args: string[]) {
      const { code, stdout, stderr } = await budgets(...args, '--json');
      assert.deepEqual([code, stderr], [0, '']);
      return JSON.parse(stdout) as BudgetReport[];
    },
  };
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm start -- budgets ...` with this configuration. */
function budgetsCommand(file: string): (...args: string[]) => Promise<Ended> {
  const options = { cwd: join(import.meta.dirname, '../..'), env: { PATH: process.env['PATH'] } };
  return (...args) =>
    new Promise((resolve) => {
      const all = ['src/main.ts', 'budgets', ...args, '--config', file];
      execFile(process.execPath, all, options, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
}
