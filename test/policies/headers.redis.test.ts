import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chargedRow, freeRow, heldRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson, startGoverned } from '../harness/governed.ts';
import { startRedis, until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';

const config = `budgets:
  - { name: day, limit: { tokens: 10000, usd: 2.5 }, window: { every: day } }
  - { name: roll, limit: { tokens: 5000 }, window: { rolling: 2h } }
  - { name: seen, limit: { tokens: 1 }, window: { every: day }, mode: observe }`;

for (const [what, more] of [
  ['an answer', {}],
  ['a stream', { stream: true }],
] as const) {
  test(`${what} tells what enforced budgets allow, and what is left of them`, async (t) => {
    const { post, sidecar } = await startGoverned(t, { config });
    const first = await post('/chat/completions', chat(5, more));
    await first.text();
    assert.deepEqual(listOf(first, 'ratelimit-policy'), [
      { name: 'day', q: 10_000, w: 86_400, qu: 'tokens' },
      { name: 'day-usd-cents', q: 250, w: 86_400, qu: 'usd-cents' },
      { name: 'roll', q: 5000, w: 7200, qu: 'tokens' },
    ]);
    const [day, usd, roll] = listOf(first, 'ratelimit');
    assert.deepEqual([day!.name, usd!.name, roll!.name], ['day', 'day-usd-cents', 'roll']);
    assert.ok(Number(day!['r']) < 9900 && Number(day!['r']) > 9700, 'what it holds itself is not left');
    assert.equal(Number(day!['r']) - Number(roll!['r']), 5000);
    assert.equal(usd!['r'], 249);
    const { windowEnd } = await freeRow(sidecar, { name: 'day', unit: 'tokens' });
    const untilEndSeconds = (Date.parse(windowEnd) - Date.now()) / 1000;
    assert.ok(Math.abs(Number(day!['t']) - untilEndSeconds) < 10);
    assert.equal(roll!['t'], undefined, 'a rolling window resets at no one time');

    const { used } = await freeRow(sidecar, { name: 'day', unit: 'tokens' });
    const second = await post('/chat/completions', chat(5, more));
    await second.text();
    assert.equal(Number(listOf(second, 'ratelimit')[0]!['r']), Number(day!['r']) - used);
  });
}

test('without a budget that matches, and from one that observes, there are no such headers', async (t) => {
  const { sidecar, post } = await startGoverned(t, {
    config: 'budgets: [{ name: seen, limit: { tokens: 1 }, window: { every: day }, mode: observe }]',
  });
  const answers = [await post('/chat/completions', chat(1)), await fetch(`${sidecar.url}/models`)];
  for (const { headers } of answers) {
    assert.deepEqual([headers.get('ratelimit'), headers.get('ratelimit-policy')], [null, null]);
  }
});

test('/budgets tells each budget in each of its units, while a call runs and after it', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  assert.deepEqual(await sidecar.budgets(), []);
  const call = postJson(`${sidecar.url}/chat/completions`, chat(1));
  const running = await heldRow(sidecar, { name: 'day', unit: 'tokens' });
  assert.deepEqual([running.used, running.remaining], [0, 10_000 - running.held]);
  (await upstream.arrival(1)).answer();
  await call;
  await chargedRow(sidecar, { name: 'roll' });
  const rows = await sidecar.budgets();
  const told = rows.map(({ name, unit, mode, limit, used, remaining }) => ({
    name,
    unit,
    mode,
    limit,
    used,
    remaining,
  }));
  // Ten tokens of input and twenty of output, at $2.50 and $10 a million.
  const usedUsd = 0.000225;
  assert.deepEqual(told, [
    { name: 'day', unit: 'tokens', mode: 'enforce', limit: 10_000, used: 30, remaining: 9970 },
    { name: 'day', unit: 'usd', mode: 'enforce', limit: 2.5, used: usedUsd, remaining: 2.499775 },
    { name: 'roll', unit: 'tokens', mode: 'enforce', limit: 5000, used: 30, remaining: 4970 },
    { name: 'seen', unit: 'tokens', mode: 'observe', limit: 1, used: 30, remaining: 0 },
  ]);
  for (const row of rows) {
    assert.deepEqual([row.org, row.scope, row.held], ['default', '', 0]);
    const lengthMs = Date.parse(row.windowEnd) - Date.parse(row.windowStart);
    assert.ok(row.name === 'roll' ? lengthMs >= 7_200_000 : lengthMs === 86_400_000, `${lengthMs}`);
  }
});

test('/budgets is a 503 while Redis is down, and tells again when it is back', async (t) => {
  const redis = await startRedis(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: 'http://127.0.0.1:9/v1',
    config: `store: { redisUrl: "${redis.url}" }\n${config}`,
  });
  const read = () => fetch(`${sidecar.adminUrl}/budgets`);
  await until(async () => (await read()).status === 200);
  await redis.stop();
  const askedAtMs = performance.now();
  const down = await read();
  assert.equal(down.status, 503);
  assert.ok(performance.now() - askedAtMs < 1500);
  assert.match(((await down.json()) as { error: string }).error, /^the store is unavailable: /);
  assert.equal((await fetch(`${sidecar.adminUrl}/livez`)).status, 200);
  await redis.restart();
  await until(async () => (await read()).status === 200);
});

interface Item {
  readonly name: string;
  readonly [parameter: string]: string | number | undefined;
}

/** A list of strings with parameters (RFC 9651), which are strings or integers: anything else fails. */
function listOf({ headers }: Response, name: string): Item[] {
  const value = headers.get(name);
  assert.ok(value !== null, `no ${name}`);
  return value.split(', ').map((text) => {
    const member = /^"([ !#-[\]-~]*)"((?:;[a-z*][a-z0-9_.*-]*=(?:-?\d{1,15}|"[ !#-[\]-~]*"))*)$/.exec(text);
    assert.ok(member, `${text} is no string with parameters`);
    const parameters = member[2]!
      .split(';')
      .slice(1)
      .map((pair) => {
        const [key = '', written = ''] = pair.split('=');
        return [key, written.startsWith('"') ? written.slice(1, -1) : Number(written)] as const;
      });
    return { name: member[1]!, ...Object.fromEntries(parameters) };
  });
}
