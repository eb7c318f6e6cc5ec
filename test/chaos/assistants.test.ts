import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runAssistantsChaos } from './assistants.ts';
import { seededRandom } from './seeded-random.ts';

const quick = { applications: 8, limitTokens: 60_000, random: seededRandom(11) };

for (const plan of [
  { ...quick, store: 'redis', sidecars: 3, seconds: 9, killEveryMs: 500, restartRedisEveryMs: 3000 },
  { ...quick, store: 'embedded', sidecars: 1, seconds: 9, killEveryMs: 2000, restartRedisEveryMs: 0 },
] as const) {
  test(`what was acknowledged survives, and no run is stuck or paid for twice: ${plan.store}`, async (t) => {
    const figures = await runAssistantsChaos(t, plan);
    t.diagnostic(JSON.stringify(figures));
    assert.deepEqual(figures.problems, []);
    assert.ok(figures.kills > 0, 'sidecars were killed');
    assert.ok(plan.store === 'embedded' || figures.redisRestarts > 0, 'Redis was killed');
    assert.ok((figures.runs['completed'] ?? 0) > 5, 'runs completed');
  });
}
