import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat, postJson } from '../harness/governed.ts';
import { type Family, parseExposition } from '../harness/parse-exposition.ts';
import { startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

const timeoutMs = 300;
/** What a busy machine may add. */
const slackMs = 1500;

for (const [how, signal] of [
  ['says nothing any more', 'SIGSTOP'],
  ['was killed', 'SIGKILL'],
] as const) {
  test(`while Redis ${how} /metrics answers in time, without what budgets hold, and says that the store is down`, async (t) => {
    const redis = await startRedis(t);
    const standIn = await startStandIn();
    t.after(() => standIn.close());
    const sidecar = await startSidecar(t, {
      upstreamUrl: standIn.url,
      config: `
store: { redisUrl: "${redis.url}", timeoutMs: ${timeoutMs} }
budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]
`,
    });
    await (await postJson(`${sidecar.url}/chat/completions`, chat(3))).text();
    await until(async () => valueOf(await scrape(sidecar), 'assistant_proxy_budget_used') !== undefined);
    const before = await scrape(sidecar);
    assert.equal(valueOf(before, 'assistant_proxy_store_up'), 1);
    assert.equal(valueOf(before, 'assistant_proxy_budget_limit'), 100_000);

    process.kill(redis.pid, signal);
    // Several at once share what they wait for.
    for (let round = 0; round < 2; round += 1) {
      const askedAtMs = performance.now();
      const scrapes = await Promise.all([1, 2, 3].map(() => scrape(sidecar)));
      const tookMs = performance.now() - askedAtMs;
      assert.ok(tookMs < timeoutMs + slackMs, `${tookMs} ms`);
      for (const families of scrapes) {
        for (const gauge of ['limit', 'used', 'held', 'window_end_timestamp_seconds']) {
          assert.deepEqual(families.get(`assistant_proxy_budget_${gauge}`)?.samples, [], gauge);
        }
        assert.equal(valueOf(families, 'assistant_proxy_store_up'), 0);
      }
    }
    assert.ok(valueOf(await scrape(sidecar), 'assistant_proxy_store_errors_total')! > 0);

    if (signal === 'SIGSTOP') process.kill(redis.pid, 'SIGCONT');
    else await redis.restart();
    await postUntilServed(sidecar);
    await until(async () => valueOf(await scrape(sidecar), 'assistant_proxy_budget_used') !== undefined);
    assert.equal(valueOf(await scrape(sidecar), 'assistant_proxy_store_up'), 1);
  });
}

async function postUntilServed(sidecar: Sidecar): Promise<void> {
  await until(async () => (await postJson(`${sidecar.url}/chat/completions`, chat(3))).status === 200);
}

async function scrape(sidecar: Sidecar): Promise<Map<string, Family>> {
  return parseExposition(await sidecar.metrics());
}

/** Of the only series. */
function valueOf(families: Map<string, Family>, name: string): number | undefined {
  return families.get(name)?.samples[0]?.value;
}
