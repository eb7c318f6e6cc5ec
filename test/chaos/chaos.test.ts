import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runChaos } from './chaos.ts';
import { seededRandom } from './seeded-random.ts';
import { problemsOf } from './verdict.ts';

test('no overshoot, no leak and no wrong charge while sidecars are killed and Redis restarts', async (t) => {
  const figures = await runChaos(t, {
    calls: 1500,
    sidecars: 8,
    callsAtOnce: 32,
    limitTokens: 60_000,
    killEveryMs: 1500,
    restartRedisEveryMs: 4000,
    random: seededRandom(7),
    progress: () => {},
  });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(problemsOf(figures), []);
  assert.ok(figures.kills > 0 && figures.redisRestarts > 0, 'something was killed');
  const { ended, denied, cut } = figures.endings;
  assert.ok(ended > 100 && denied > 0 && cut > 0, 'calls ended in every way');
});
