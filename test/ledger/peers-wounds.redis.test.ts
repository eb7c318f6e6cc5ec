/**
 * What hurts the users of other gateways, each as a test of this one; those that take several pods. The numbers with # are their public issues.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { billedTokens, chat, postJson, startGoverned } from '../harness/governed.ts';
import { spawnSidecar } from '../harness/processes.ts';
import { startRedis } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';

const monthly = (limit: string, more = '') =>
  `budgets: [{ name: month, limit: { ${limit} }, window: { every: month }${more} }]`;

test('TensorZero: a hold whose owner was killed does not last for ever', async (t) => {
  const redis = await startRedis(t);
  const store = `store: { redisUrl: "${redis.url}", leaseMs: 1000 }\n`;
  const { standIn, settled, sidecar } = await startGoverned(t, { config: store + monthly('tokens: 100000') });
  await postJson(`${sidecar.url}/chat/completions`, chat(1));
  const file = `${mkdtempSync(`${tmpdir()}/assistant-proxy-test-`)}/config.yaml`;
  writeFileSync(file, store + monthly('tokens: 100000'));
  const victim = await spawnSidecar(t, standIn.url, { ASSISTANT_PROXY_CONFIG: file });
  const before = (await settled('month')).used;
  const call = postJson(
    `${victim.url}/chat/completions`,
    chat(5, { messages: [{ role: 'user', content: '[[thinkMs:60000]]' }] }),
  );
  call.catch(() => {});
  while (((await sidecar.budgets())[0]?.held ?? 0) === 0) await sleep(20);
  victim.signal('SIGKILL');
  const after = await settled('month');
  assert.ok(after.used > before + 100 && after.used < before + 300, 'the whole hold was charged');
});

test('TensorZero: editing a limit keeps what was used', async (t) => {
  const redis = await startRedis(t);
  const config = (tokens: number) => `store: { redisUrl: "${redis.url}" }\n${monthly(`tokens: ${tokens}`)}`;
  const { post, settled, standIn } = await startGoverned(t, { config: config(1000) });
  await post('/chat/completions', chat(20));
  const { used } = await settled('month');
  const edited = await startSidecar(t, { upstreamUrl: standIn.url, config: config(used + 5) });
  assert.equal((await edited.budgets())[0]!.used, used);
  assert.equal((await postJson(`${edited.url}/chat/completions`, chat(50))).status, 429);
});

test('Bifrost #3547: more replicas do not mean a larger budget', async (t) => {
  const redis = await startRedis(t);
  const config = `store: { redisUrl: "${redis.url}" }\n${monthly('tokens: 1000')}`;
  const { standIn, sidecar, settled } = await startGoverned(t, { config });
  const others = await Promise.all(
    [1, 2, 3].map(() => startSidecar(t, { upstreamUrl: standIn.url, config })),
  );
  const replicas = [sidecar, ...others];
  await Promise.all(
    Array.from({ length: 80 }, (_, index) =>
      postJson(`${replicas[index % 4]!.url}/chat/completions`, chat(30)),
    ),
  );
  const { used } = await settled('month');
  assert.equal(used, billedTokens(standIn));
  assert.ok(used <= 1000, String(used));
});

test('LiteLLM: without its store the sidecar counts nothing past the budget; it refuses', async (t) => {
  const redis = await startRedis(t);
  const config = `store: { redisUrl: "${redis.url}" }\n${monthly('tokens: 1000')}`;
  const { post, standIn } = await startGoverned(t, { config });
  assert.equal((await post('/chat/completions', chat(5))).status, 200);
  const billed = billedTokens(standIn);
  await redis.kill();
  const refused = await post('/chat/completions', chat(5));
  assert.equal(refused.status, 503);
  const { error } = (await refused.json()) as { error: { code: string } };
  assert.equal(error.code, 'store_unavailable');
  assert.equal(billedTokens(standIn), billed);
});
