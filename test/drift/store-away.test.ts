import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pino } from 'pino';

import { watchDrift } from '../../src/drift/watch-drift.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';

test('a store that does not answer once costs half a minute, and not the turn', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let asked = 0;
  let failures = 0;
  const watch = watchDrift({
    async takeTurn() {
      asked += 1;
      if (asked === 1) throw new StoreUnavailable('it is away', { mayHaveHappened: false });
      return 3_600_000;
    },
    provider: { tokens: () => assert.fail('it is not the turn'), costUsd: () => assert.fail('nor here') },
    hours: async () => [],
    periodHours: 24,
    delayMs: 0,
    everyMs: 3_600_000,
    nowMs: () => 0,
    random: () => 0,
    metrics: { told: () => assert.fail('nothing was compared'), failed: () => (failures += 1) },
    log: pino({ level: 'silent' }),
  });
  t.after(() => watch.close());
  const pass = async (ms: number) => {
    t.mock.timers.tick(ms);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  await pass(0);
  assert.equal(asked, 1);
  await pass(29_999);
  assert.equal(asked, 1);
  await pass(1);
  assert.equal(asked, 2);
  await pass(3_599_999);
  assert.equal(asked, 2, 'what was told to be nobody’s turn is waited for');
  assert.equal(failures, 0, 'the store reports its own troubles');
});
