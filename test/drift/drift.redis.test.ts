import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Pool } from 'undici';

import { compare } from '../../src/drift/compare.ts';
import { createOrganizationUsage } from '../../src/drift/organization-usage.ts';
import { nothing } from '../../src/ledger/amounts.ts';
import { takeTurn } from '../../src/ledger/take-turn.ts';
import { billedTokens, chat, postJson } from '../harness/governed.ts';
import { startRedis, until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { openReadyLedger } from '../redis/open-ledger.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { chargeInHour, counting } from './charge-in-hour.ts';

const hourMs = 3_600_000;

test('what all pods charged is what the provider counted, until somebody calls past them', async (t) => {
  const [standIn, redis] = await Promise.all([startStandIn(), startRedis(t)]);
  t.after(() => standIn.close());
  const { ledger } = await openReadyLedger(t, redis.url, { keyPrefix: 'assistant-proxy' });
  const startedAtMs = Date.now();
  // The count began two days ago.
  await chargeInHour(ledger, 'default', startedAtMs - 49 * hourMs, nothing);
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: 2000 }\ndrift: { count: true }`;
  const pods = await Promise.all([1, 2].map(() => startSidecar(t, { upstreamUrl: standIn.url, config })));
  for (const { url } of pods) {
    const calls = [
      postJson(`${url}/chat/completions`, chat(7)),
      postJson(`${url}/chat/completions`, chat(30, { stream: true })),
      postJson(`${url}/embeddings`, { model: 'text-embedding-3-small', input: 'some words to embed' }),
      postJson(`${url}/responses`, { model: 'gpt-4o', input: 'Hello [[words:9]]', max_output_tokens: 50 }),
    ];
    await Promise.all(calls.map(async (call) => (await call).text()));
  }
  const counted = counting(ledger);
  const hours = () => counted.hours(['default']);
  const tokensOf = async () => (await hours()).reduce((sum, { tokens }) => sum + tokens, 0);
  await until(async () => (await tokensOf()) === billedTokens(standIn));
  assert.ok(billedTokens(standIn) > 50);

  const { origin } = new URL(standIn.url);
  const adminKey = () => standIn.adminKey;
  const usage = { baseUrl: standIn.url, dispatcher: new Pool(origin), adminKey, projectIds: [] };
  const provider = createOrganizationUsage(usage);
  t.after(() => provider.close());
  const settings = { provider, hours, periodHours: 48, delayMs: 0 };
  const { tokens } = await compare(settings, startedAtMs + hourMs);
  assert.deepEqual([tokens!.ratio, tokens!.provider], [0, billedTokens(standIn)]);
  const { usd } = await compare(settings, startedAtMs + 24 * hourMs);
  assert.ok(usd!.ledger > 0 && Math.abs(usd!.ratio) < 1e-5, `${usd!.provider} and ${usd!.ledger} USD`);

  const before = billedTokens(standIn);
  const headers = { authorization: `Bearer ${standIn.apiKey}` };
  await (await postJson(`${standIn.url}/chat/completions`, chat(50), { headers })).text();
  const past = await compare(settings, startedAtMs + 24 * hourMs);
  assert.equal(past.tokens!.ratio, billedTokens(standIn) / before - 1);
  assert.ok(past.tokens!.ratio > 0 && past.usd!.ratio > 0);

  // Nobody else sees what is counted.
  assert.deepEqual(await pods[0]!.budgets(), []);
  assert.doesNotMatch(await pods[0]!.metrics(), /:hour/);
});

test('of all pods one has the turn', async (t) => {
  const redis = await startRedis(t);
  const pods = await Promise.all([1, 2, 3].map(() => openReadyLedger(t, redis.url, { keyPrefix: 'p' })));
  const turn = { org: 'default', name: ':drift', everyMs: 60_000 };
  const untilMs = await Promise.all(pods.map(({ ledger }) => takeTurn(ledger, turn)));
  assert.equal(untilMs.filter((ms) => ms === 0).length, 1);
  for (const ms of untilMs) assert.ok(ms === 0 || (ms > 50_000 && ms <= 60_000), String(ms));
});
