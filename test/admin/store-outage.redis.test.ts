import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Status } from '../../src/admin/status.ts';
import { chat, startGoverned } from '../harness/governed.ts';
import { startRedis } from '../harness/redis.ts';

test('a store that is away is trouble within seconds, with the last budgets beside it, and well when it is back', async (t) => {
  const redis = await startRedis(t);
  const { sidecar, post } = await startGoverned(t, {
    config: 'budgets: [{ name: all, limit: { tokens: 100000 }, window: { every: day } }]\n',
    env: { ASSISTANT_PROXY_STORE_REDIS_URL: redis.url },
  });
  await (await post('/chat/completions', chat(3))).text();
  const statusWhere = async (isSo: (status: Status) => boolean): Promise<Status> => {
    for (const givesUpAtMs = performance.now() + 30_000; ; await sleep(100)) {
      const status = (await (await fetch(`${sidecar.adminUrl}/status`)).json()) as Status;
      if (isSo(status)) return status;
      if (performance.now() > givesUpAtMs) throw new Error(JSON.stringify(status));
    }
  };
  await statusWhere(({ budgets, stores }) => budgets.total === 1 && stores[0]!.kind === 'redis');
  await redis.stop();
  const away = await statusWhere(({ verdict }) => verdict.level === 'trouble');
  assert.match(away.verdict.headline, /^The store of (budgets|assistants) is away/);
  assert.equal(away.budgets.rows[0]!.name, 'all');
  await redis.restart();
  const back = await statusWhere(({ verdict }) => verdict.level !== 'trouble');
  assert.deepEqual(
    back.stores.map(({ isUp }) => isUp),
    [true, true],
  );
});
