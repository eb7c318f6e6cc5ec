import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import { nothing } from '../../src/ledger/amounts.ts';
import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { billedTokens, chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { chargeInHour } from './charge-in-hour.ts';

const hourMs = 3_600_000;
const drift = 'assistant_proxy_provider_drift_ratio';

/** A sidecar that finds what it and its provider counted two hours ago. */
async function startComparing(t: TestContext, { adminKey = 'sk-admin-stand-in', past = 0 } = {}) {
  const atMs = Date.now() - 2 * hourMs;
  const standIn = await startStandIn({ now: () => atMs });
  t.after(() => standIn.close());
  const call = async () => {
    const headers = { authorization: `Bearer ${standIn.apiKey}` };
    await (await postJson(`${standIn.url}/chat/completions`, chat(20), { headers })).text();
  };
  await call();
  const stateDir = join(temporaryDirectory(t), 'state');
  mkdirSync(stateDir);
  const ledger = createEmbeddedLedger({ stateDir, now: () => atMs, onError: assert.fail });
  await chargeInHour(ledger, 'default', atMs - hourMs, nothing);
  await chargeInHour(ledger, 'default', atMs, { tokens: billedTokens(standIn), nanoUsd: 0 });
  await ledger.close();
  for (let calls = 0; calls < past; calls += 1) await call();
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    env: {
      ASSISTANT_PROXY_STORE_STATE_DIR: stateDir,
      ASSISTANT_PROXY_DRIFT_ADMIN_KEY: adminKey,
      ASSISTANT_PROXY_DRIFT_BASE_URL: standIn.url,
    },
  });
  return { sidecar, standIn };
}

test('a sidecar with an admin key compares by itself: no drift is zero, in metrics and in a line', async (t) => {
  const { sidecar, standIn } = await startComparing(t);
  await until(async () => (await sidecar.metrics()).includes(`${drift}{unit="tokens"}`));
  const metrics = await sidecar.metrics();
  assert.match(metrics, /provider_drift_ratio\{unit="tokens"\} 0\n/);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_ledger_tokens'), billedTokens(standIn));
  const [input, output] = await Promise.all(
    ['input', 'output'].map((kind) => metricSum(sidecar, 'assistant_proxy_provider_usage_tokens', { kind })),
  );
  assert.equal(input! + output!, billedTokens(standIn));
  assert.doesNotMatch(metrics, /unit="usd"\}.*drift|provider_cost_usd \d/, 'no whole day has been counted');
  const line = sidecar.logLines().find(({ msg }) => msg === 'drift');
  const { unit, provider, ledger, ratio } = line!;
  assert.deepEqual(
    [unit, provider, ledger, ratio],
    ['tokens', billedTokens(standIn), billedTokens(standIn), 0],
  );
  for (const told of [metrics, JSON.stringify(sidecar.logLines())]) assert.doesNotMatch(told, /sk-admin/);
});

test('calls past the sidecars are drift', async (t) => {
  const { sidecar } = await startComparing(t, { past: 2 });
  await until(async () => (await metricSum(sidecar, drift, { unit: 'tokens' })) > 0);
  const ratio = await metricSum(sidecar, drift, { unit: 'tokens' });
  assert.ok(Math.abs(ratio - 2) < 1e-9, String(ratio));
});

test('a key that is refused is counted and told, and no call waits for it', async (t) => {
  const { sidecar } = await startComparing(t, { adminKey: 'sk-admin-wrong' });
  await until(async () => (await metricSum(sidecar, 'assistant_proxy_provider_usage_errors_total')) === 1);
  const line = sidecar.logLines().find(({ msg }) => String(msg).includes('could not be compared'));
  assert.match(String(line!['cause']), /answered 401; drift\.adminKey must be an admin key/);
  assert.equal((await postJson(`${sidecar.url}/chat/completions`, chat(1))).status, 200);
  const told = JSON.stringify(sidecar.logLines()) + (await sidecar.metrics());
  assert.ok(!told.includes('sk-admin-wrong') && !told.includes(`${drift}{`));
});
