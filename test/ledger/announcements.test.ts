import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { announce } from '../../src/ledger/announce.ts';
import { createRules } from '../../src/ledger/rules.ts';
import type { Settled } from '../../src/ledger/settlement.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createWebhook } from '../../src/telemetry/webhook.ts';
import { createOwnMetrics, textOf } from '../harness/own-metrics.ts';

const amounts = { tokens: 100, nanoUsd: 1000 };
const settled: Settled = {
  kind: 'settled',
  held: { tokens: 90, nanoUsd: 900 },
  charged: amounts,
  overrun: { tokens: 10, nanoUsd: 100 },
  note: undefined,
  budgets: [
    { budget: 'day', scope: '', startMs: 0, usedBefore: { tokens: 0, nanoUsd: 0 }, usedAfter: amounts },
  ],
};

function startAnnouncing(t: TestContext) {
  const metrics = createOwnMetrics();
  const logSink = createLogger('silent', 1);
  t.after(() => logSink.close());
  const { onSettled } = announce({
    log: logSink.log,
    metrics,
    webhook: createWebhook({ url: '', timeoutMs: 1000, onError: () => {} }),
    rules: createRules({ budgets: [], limits: [], thresholdPercents: [] }),
    now: Date.now,
  });
  return { metrics, onSettled };
}

test('a charge that is settled twice is counted once', async (t) => {
  const { metrics, onSettled } = startAnnouncing(t);
  onSettled({ org: 'acme', estimated: false }, settled);
  onSettled({ org: 'acme', estimated: false }, { ...settled, kind: 'duplicate', budgets: [] });
  const exposition = await textOf(metrics);
  assert.match(exposition, /^assistant_proxy_charged_tokens_total\{estimated="false"\} 100$/m);
  assert.match(exposition, /^assistant_proxy_overrun_tokens_total 10$/m);
  assert.match(exposition, /^assistant_proxy_settlements_total\{kind="duplicate",estimated="false"\} 1$/m);
});

test('what no budget has been charged is not counted as charged to one, be it an estimate or put right later', async (t) => {
  const { metrics, onSettled } = startAnnouncing(t);
  onSettled({ org: 'acme', estimated: true }, { ...settled, budgets: [] });
  onSettled({ org: 'acme', estimated: false }, { ...settled, kind: 'corrected', budgets: [] });
  onSettled({ org: 'acme', estimated: false }, settled);
  const exposition = await textOf(metrics);
  const charged = [...exposition.matchAll(/^assistant_proxy_charged_tokens_total\{.*\} (\d+)$/gm)];
  assert.equal(
    charged.reduce((sum, [, tokens]) => sum + Number(tokens), 0),
    100,
  );
});
