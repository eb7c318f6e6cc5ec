import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { largestAmount } from '../../src/ledger/amounts.ts';
import { openEmbedded } from '../embedded/open-embedded.ts';
import { shareRedis } from '../redis/share-redis.ts';
import {
  type OpenLedger,
  admission,
  budget,
  costs,
  denied,
  granted,
  org,
  putsOut,
  windowOf,
} from './contract/ledger-under-test.ts';

/** A billion tokens for each of a million choices, of a dear model: no more than a request may ask for. */
const absurd = putsOut(1_000_000_000, { perOutputToken: { tokens: 1_000_000, nanoUsd: 180_000_000_000 } });

for (const [name, open] of [
  ['memory and a file', openEmbedded],
  ['Redis', shareRedis()],
] satisfies [string, OpenLedger][]) {
  describe(`the ledger in ${name}`, () => {
    test('what costs more than sums can hold is denied by any limit', async (t) => {
      const { ledger } = await open(t);
      const limit = { tokens: undefined, nanoUsd: 9_000_000_000_000_000 };
      denied(await ledger.admit(admission({ demand: absurd, budgets: [budget({ limit })] })));
    });

    test('what costs more than sums can hold is held as the most, where nothing limits it, and charged so', async (t) => {
      const { ledger } = await open(t);
      const watched = budget({ enforced: false });
      const call = admission({ demand: absurd, budgets: [watched] });
      const { held } = granted(await ledger.admit(call));
      assert.deepEqual(held, { tokens: 1_000_000_000_000_010, nanoUsd: largestAmount });
      const unrecorded = { budgets: [watched], rates: [], held, admittedAtMs: ledger.nowMs() };
      const settlement = { org, holdId: call.holdId, charge: 'hold', estimated: true, unrecorded } as const;
      assert.deepEqual((await ledger.settle(settlement)).charged, held);
      const other = admission({ demand: costs(10, 20), budgets: [watched] });
      granted(await ledger.admit(other));
      await ledger.settle({ org, holdId: other.holdId, charge: 'hold', estimated: true });
      assert.deepEqual((await windowOf(ledger, 'day')).held, { tokens: 0, nanoUsd: 0 });
    });
  });
}
