import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startRedis } from '../harness/redis.ts';
import {
  admission,
  budget,
  costs,
  dayMs,
  every,
  org,
  rolling,
  windowOf,
} from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger } from './open-ledger.ts';

test('however many pods race, a budget is spent to the last token and never beyond', async (t) => {
  const redis = await startRedis(t);
  const pods = await Promise.all(
    Array.from({ length: 8 }, () => openReadyLedger(t, redis.url, { keyPrefix: 'race', timeoutMs: 10_000 })),
  );
  const limit = { tokens: 5000, nanoUsd: undefined };
  const budgets = [
    budget({ limit, window: every(7 * dayMs) }),
    budget({ budget: 'roll', limit, window: rolling(dayMs) }),
  ];
  let holding = 0;
  let spent = 0;
  let most = 0;
  await Promise.all(
    pods.map(async ({ ledger }, pod) => {
      for (let call = 0; call < 250; call += 1) {
        const wish = admission({ demand: costs(10), budgets });
        const decision = await ledger.admit(wish);
        if (decision.kind !== 'granted') continue;
        holding += 10;
        most = Math.max(most, holding + spent);
        const charge = { tokens: (call + pod) % 10, nanoUsd: 0 };
        holding -= 10;
        spent += charge.tokens;
        await ledger.settle({ org, holdId: wish.holdId, charge, estimated: false });
      }
    }),
  );
  const { ledger } = pods[0]!;
  for (const name of ['day', 'roll']) {
    const state = await windowOf(ledger, name);
    assert.deepEqual([state.used.tokens, state.held.tokens], [spent, 0]);
  }
  assert.ok(spent <= 5000 && most <= 5000);
  assert.ok(spent > 4980, `only ${spent} tokens were spent`);
  const rest = await ledger.admit(admission({ demand: costs(5000 - spent), budgets }));
  assert.equal(rest.kind, 'granted');
});
