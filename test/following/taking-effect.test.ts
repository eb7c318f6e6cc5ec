import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat, postJson, startGoverned } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { enacted, audited } from './enacted.ts';

const month = (tokens: number) =>
  `budgets: [{ name: month, limit: { tokens: ${tokens} }, window: { every: month }, onTight: deny }]`;

test('a first budget holds from the next call on, without a restart', async (t) => {
  const { sidecar, post, settled } = await startGoverned(t, { config: '' });
  assert.equal((await post('/chat/completions', chat(40))).status, 200);
  assert.deepEqual(await sidecar.budgets(), []);
  await enacted(sidecar, month(150));
  await (await post('/chat/completions', chat(40))).text();
  const { used, limit } = await settled('month');
  assert.equal(limit, 150);
  assert.ok(used > 40 && used < 80, String(used));
  assert.equal((await post('/chat/completions', chat(40))).status, 429);
  assert.deepEqual(await audited(sidecar, 'configuration_changed'), { applied: ['budgets'], waiting: [] });
});

test('a budget that is raised keeps what was used of it, and one that is taken away denies nothing', async (t) => {
  const { sidecar, post, settled } = await startGoverned(t, { config: month(150) });
  await (await post('/chat/completions', chat(40))).text();
  const { used } = await settled('month');
  assert.equal((await post('/chat/completions', chat(40))).status, 429);
  await enacted(sidecar, month(1000));
  assert.deepEqual(
    (await sidecar.budgets()).map((row) => [row.limit, row.used]),
    [[1000, used]],
  );
  assert.equal((await post('/chat/completions', chat(40))).status, 200);
  await settled('month');
  await enacted(sidecar, month(1));
  assert.equal((await post('/chat/completions', chat(40))).status, 429);
  await enacted(sidecar, 'budgets: []');
  assert.equal((await post('/chat/completions', chat(40))).status, 200);
  assert.deepEqual(await sidecar.budgets(), []);
});

test('a budget that is shared out otherwise shows the shares of now, and no longer the former ones', async (t) => {
  const per = (dimensions: string) => `${month(1000).replace('month, ', `month, per: [${dimensions}], `)}
identity: { team: ['header:x-team'] }`;
  const { sidecar, post } = await startGoverned(t, { config: per('') });
  const scopes = async () => (await sidecar.budgets()).map(({ scope }) => scope);
  const headers = { 'x-team': 'search' };
  const spend = async () => (await post('/chat/completions', chat(5), { headers })).text();
  await spend();
  assert.deepEqual(await scopes(), ['']);
  await enacted(sidecar, per('team'));
  assert.deepEqual(await scopes(), []);
  await spend();
  assert.deepEqual(await scopes(), ['team=search']);
  await enacted(sidecar, per('team, model'));
  await spend();
  assert.deepEqual(await scopes(), ['team=search,model=gpt-4o']);
  await enacted(sidecar, per(''));
  assert.deepEqual(await scopes(), ['']);
});

test('a limit, a price and a threshold are those of the file as it is now', async (t) => {
  const usd = (price: number) => `
budgets: [{ name: day, limit: { usd: 1 }, window: { every: day } }]
models: { prices: { gpt-4o: { input: ${price}, output: ${price} } } }
thresholdPercents: [${price === 1 ? '' : '1'}]
limits: [${price === 1 ? '' : '{ name: one, requests: { rate: 1, per: hour } }'}]`;
  const { sidecar, post, settled } = await startGoverned(t, { config: usd(1) });
  const spent = async () => {
    const before = (await sidecar.budgets())[0]?.used ?? 0;
    await (await post('/chat/completions', chat(5))).text();
    return (await settled('day')).used - before;
  };
  const cheap = await spent();
  await enacted(sidecar, usd(1000));
  const dear = await spent();
  assert.ok(Math.abs(dear / cheap - 1000) < 1, `${cheap} ${dear}`);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_budget_threshold_crossings_total'), 1);
  assert.equal((await post('/chat/completions', chat(5))).status, 429);
});

test('a caller’s key that is added opens the door, and one that is taken away opens it no more', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const keys = (...names: string[]) =>
    `auth: { keys: [${names.map((name) => `{ name: ${name}, key: key-of-${name}-0123456789 }`).join(', ')}] }`;
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: keys('old') });
  const statusFor = async (name: string) => {
    const headers = { authorization: `Bearer key-of-${name}-0123456789` };
    return (await fetch(`${sidecar.url}/models`, { headers })).status;
  };
  assert.deepEqual([await statusFor('old'), await statusFor('new')], [200, 401]);
  await enacted(sidecar, keys('old', 'new'));
  assert.deepEqual([await statusFor('old'), await statusFor('new')], [200, 200]);
  await enacted(sidecar, keys('new'));
  assert.deepEqual([await statusFor('old'), await statusFor('new')], [401, 200]);
});

test('an organisation that only a new key names has its budgets, and the former one keeps its own', async (t) => {
  const keyed = (org: string) =>
    `${month(100_000)}\nauth: { keys: [{ name: k, key: key-0123456789abcdef, identity: { org: ${org} } }] }`;
  const { sidecar, post } = await startGoverned(t, { config: keyed('first') });
  const headers = { authorization: 'Bearer key-0123456789abcdef' };
  const spend = async () => (await post('/chat/completions', chat(40), { headers })).text();
  await spend();
  await enacted(sidecar, keyed('second'));
  await spend();
  await until(async () => (await sidecar.budgets()).every(({ held, used }) => held === 0 && used > 0));
  const orgs = (await sidecar.budgets()).map(({ org }) => org);
  assert.deepEqual(orgs.toSorted(), ['first', 'second']);
});

test('redaction that is turned on, given a pattern, and turned off holds for the next call each time', async (t) => {
  const bodies: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    bodies.push(await readText(request));
    answerJson(response, { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: '' });
  const said = async () => {
    const content = 'Write to ann@example.com about ticket TCK-4711';
    await postJson(`${sidecar.url}/chat/completions`, { model: 'm', messages: [{ role: 'user', content }] });
    const { messages } = JSON.parse(bodies.at(-1)!) as { messages: { content: string }[] };
    return messages[0]!.content;
  };
  assert.equal(await said(), 'Write to ann@example.com about ticket TCK-4711');
  await enacted(sidecar, 'redaction: { mode: mask }');
  assert.equal(await said(), 'Write to [EMAIL] about ticket TCK-4711');
  await enacted(sidecar, "redaction: { mode: mask, custom: [{ name: ticket, pattern: 'TCK-[0-9]+' }] }");
  assert.equal(await said(), 'Write to [EMAIL] about ticket [TICKET]');
  await enacted(sidecar, 'redaction: { mode: mask, allow: [ann@example.com] }');
  assert.equal(await said(), 'Write to ann@example.com about ticket TCK-4711');
  await enacted(sidecar, '{}');
  assert.equal(await said(), 'Write to ann@example.com about ticket TCK-4711');
});

test('retries, identity, unknown paths and the log level are followed, too', async (t) => {
  let asked = 0;
  const upstream = await startUpstream(t, (_request, response) => {
    asked += 1;
    answerJson(response, {}, 503);
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: 'retry: { maxAttempts: 1 }' });
  const ask = async (path: string) => {
    asked = 0;
    const { status } = await fetch(`${sidecar.url}${path}`, { headers: { 'x-team': 'search' } });
    return [status, asked];
  };
  assert.deepEqual(await ask('/models'), [503, 1]);
  assert.deepEqual(await ask('/no/such/path'), [503, 1]);
  await enacted(
    sidecar,
    `retry: { maxAttempts: 3 }
upstream: { unknownOperations: deny }
identity: { team: ['header:x-team'] }
telemetry: { logLevel: warn }`,
  );
  assert.deepEqual(await ask('/models'), [503, 3]);
  assert.deepEqual(await ask('/no/such/path'), [404, 0]);
  assert.equal((await audited(sidecar, 'log_level_changed'))['to'], 'warn');
});

test('what is opened at the start waits for the next one, and says so until the file is as it was', async (t) => {
  const { sidecar } = await startGoverned(t, { config: '' });
  const waiting = () => metricSum(sidecar, 'assistant_proxy_config_waiting_keys');
  sidecar.writeConfig(
    'upstream: { baseUrl: http://127.0.0.1:9/v1, connectTimeoutMs: 77 }\nretry: { maxAttempts: 7 }',
  );
  await until(async () => (await waiting()) > 0);
  // The environment of the test names the upstream's URL, and wins.
  assert.equal(await waiting(), 1);
  assert.deepEqual(await audited(sidecar, 'configuration_changed'), {
    applied: ['retry.maxAttempts'],
    waiting: ['upstream.connectTimeoutMs'],
  });
  const { verdict, followed, configuration } = (await (await fetch(`${sidecar.adminUrl}/status`)).json()) as {
    verdict: { headline: string };
    followed: { waiting: string[]; refusal: null };
    configuration: string;
  };
  assert.equal(
    verdict.headline,
    'Changes of the configuration wait for the next start: upstream.connectTimeoutMs.',
  );
  assert.deepEqual([followed.waiting, followed.refusal], [['upstream.connectTimeoutMs'], null]);
  assert.match(configuration, /maxAttempts: 7/);
  assert.match(configuration, /connectTimeoutMs: 5000/);
  sidecar.writeConfig('{}');
  await until(async () => (await waiting()) === 0);
});
