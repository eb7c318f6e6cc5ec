import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { chat, startGoverned } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import type { Sidecar } from '../harness/sidecar.ts';
import { temporaryFolder } from '../redaction/key-file.ts';
import { changes, enacted, refused } from './enacted.ts';

const good = 'budgets: [{ name: month, limit: { tokens: 100000 }, window: { every: month } }]';

interface Bad {
  readonly what: string;
  readonly text: string;
  /** What the log says of it. */
  readonly reason: RegExp;
}

const secret = 'sk-secret-0123456789';

const bad: readonly Bad[] = [
  { what: 'no YAML', text: 'budgets: [', reason: /config\.yaml/ },
  { what: 'an unknown key', text: `${good}\nbudgetz: []`, reason: /budgetz: is not a known key/ },
  {
    what: 'a wrong value',
    text: 'budgets: [{ name: m, limit: { tokens: -1 }, window: { every: month } }]',
    reason: /budgets\[0\]\.limit/,
  },
  {
    what: 'a pattern that takes forever',
    text: "redaction: { mode: mask, custom: [{ name: ref, pattern: '(a)\\1+' }] }",
    reason: /redaction\.custom\[0\]\.pattern/,
  },
  {
    what: 'a variable that is not set',
    text: 'identity: { org: "${NO_SUCH_VARIABLE}" }',
    reason: /NO_SUCH_VARIABLE/,
  },
  {
    what: 'a key file that is not there',
    text: 'auth: { keys: [{ name: a, keyFile: /no/such/file }] }',
    reason: /auth\.keys\[0\]\.keyFile: \/no\/such\/file can't be read/,
  },
  {
    what: 'what needs a key that only the next start has',
    text: 'redaction: { mode: hash, hashKeyFile: /etc/hostname }',
    reason: /redaction\.mode: is hash, which needs a secret.*until the next start.*redaction\.hashKeyFile/,
  },
  {
    what: 'a secret where none belongs',
    text: `retry: { maxAttempts: ${secret} }`,
    reason: /retry\.maxAttempts: must be an integer/,
  },
];

test('whatever is wrong with a change, it is refused whole, and calls go on by the former one', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config: good });
  for (const { what, text, reason } of bad) {
    // Something right beside it takes no effect either.
    assert.match(await refused(sidecar, `${text}\nonStoreOutage: allow`), reason, what);
    assert.deepEqual(await shown(sidecar), { refused: 1, outage: 'deny' }, what);
    assert.equal((await post('/chat/completions', chat(3))).status, 200, what);
    const [row] = await sidecar.budgets();
    assert.equal(row?.limit, 100_000, what);
  }
  assert.ok(!JSON.stringify(sidecar.logLines()).includes(secret));
  await enacted(sidecar, `${good}\nonStoreOutage: allow`);
  assert.deepEqual(await shown(sidecar), { refused: 0, outage: 'allow' });
});

test('a refusal is told once, in the log, in the metrics, and to whoever is on call', async (t) => {
  const { sidecar } = await startGoverned(t, { config: good });
  await refused(sidecar, 'budgets: [');
  await sleep(2500);
  assert.equal(await changes(sidecar, 'refused'), 1);
  const told = sidecar.logLines().filter(({ msg }) => String(msg).includes('refused'));
  assert.equal(told.length, 1);
  const { verdict, followed } = (await (await fetch(`${sidecar.adminUrl}/status`)).json()) as {
    verdict: { level: string; headline: string };
    followed: { refusal: string };
  };
  assert.equal(verdict.level, 'watch');
  assert.match(
    verdict.headline,
    /^The changed configuration is refused, and the former one stays in effect\. \(/,
  );
  assert.match(followed.refusal, /config\.yaml/);
  sidecar.writeConfig(good);
  await until(async () => (await shown(sidecar)).refused === 0);
});

test('a file that goes away is refused until it is back, be it as it was or not', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config: good });
  sidecar.removeConfig();
  await until(async () => (await shown(sidecar)).refused === 1);
  assert.equal((await post('/chat/completions', chat(3))).status, 200);
  sidecar.writeConfig(good);
  await until(async () => (await shown(sidecar)).refused === 0);
  sidecar.removeConfig();
  await until(async () => (await shown(sidecar)).refused === 1);
  await enacted(sidecar, `${good}\nonStoreOutage: allow`);
  assert.deepEqual(await shown(sidecar), { refused: 0, outage: 'allow' });
});

test('a change that lacks a file is told once, and takes effect when that is there', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config: good });
  const folder = temporaryFolder(t);
  const keyed = `${good}\nauth: { keys: [{ name: a, keyFile: ${join(folder, 'key')} }] }`;
  await refused(sidecar, keyed);
  await sleep(4500);
  assert.equal(await changes(sidecar, 'refused'), 1);
  writeFileSync(join(folder, 'key'), 'key-0123456789abcdef');
  await until(async () => (await post('/chat/completions', chat(3))).status === 401);
  assert.equal((await shown(sidecar)).refused, 0);
});

test('a change that lacked a file, and is taken back, comes no more', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config: good });
  const folder = temporaryFolder(t);
  await refused(sidecar, `${good}\nauth: { keys: [{ name: a, keyFile: ${join(folder, 'key')} }] }`);
  sidecar.writeConfig(good);
  await until(async () => (await shown(sidecar)).refused === 0);
  writeFileSync(join(folder, 'key'), 'key-0123456789abcdef');
  await sleep(3000);
  assert.equal((await post('/chat/completions', chat(3))).status, 200);
});

test('a file that is emptied opens nothing to anybody, unless it says so', async (t) => {
  const keyed = `${good}\nauth: { keys: [{ name: k, key: key-0123456789abcdef }] }`;
  const { sidecar, post } = await startGoverned(t, { config: keyed });
  assert.match(
    await refused(sidecar, ' \n'),
    /the file is empty now; for nothing but defaults it must hold \{\}/,
  );
  assert.equal((await post('/chat/completions', chat(3))).status, 401);
  await enacted(sidecar, '{}');
  assert.equal((await post('/chat/completions', chat(3))).status, 200);
});

test('a file that was empty from the start is not refused', async (t) => {
  const { sidecar } = await startGoverned(t, { config: '' });
  await sleep(1500);
  assert.equal((await shown(sidecar)).refused, 0);
});

test('of a file in which every line is wrong the first problems are told, and how many there are', async (t) => {
  const { sidecar } = await startGoverned(t, { config: good });
  const lines = Array.from({ length: 2000 }, (_, index) => `wrong${index}: ${'x'.repeat(200)}`);
  const reason = await refused(sidecar, lines.join('\n'));
  assert.match(reason, /^wrong0: is not a known key/);
  assert.match(reason, /\n\.\.\.\n2000 problems$/);
  assert.ok(reason.length < 4100, String(reason.length));
});

test('a store that can not be opened by a first budget refuses it, and not the calls', async (t) => {
  const stateDir = fileInPlaceOfFolder(t);
  const env = {
    ASSISTANT_PROXY_STORE_STATE_DIR: stateDir,
    ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough',
  };
  const { sidecar, post } = await startGoverned(t, { config: 'retry: { budgetPercent: 0 }', env });
  assert.match(await refused(sidecar, `${good}\nretry: { budgetPercent: 50 }`), /store\.stateDir/);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_retry_budget_left'), 0);
  assert.equal((await post('/chat/completions', chat(3))).status, 200);
});

/** What metrics and status say. */
async function shown(sidecar: Sidecar): Promise<{ refused: number; outage: string | undefined }> {
  const { configuration } = (await (await fetch(`${sidecar.adminUrl}/status`)).json()) as {
    configuration: string;
  };
  return {
    refused: await metricSum(sidecar, 'assistant_proxy_config_refused'),
    outage: /^onStoreOutage: (\w+)$/m.exec(configuration)?.[1],
  };
}

function fileInPlaceOfFolder(t: TestContext): string {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  return join(file, 'state');
}
