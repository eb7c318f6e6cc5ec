import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { openEmbedded } from '../embedded/open-embedded.ts';
import { shareRedis } from '../redis/share-redis.ts';
import {
  type OpenLedger,
  admission,
  budget,
  granted,
  hourMs,
  minuteMs,
  org,
} from './contract/ledger-under-test.ts';

for (const [name, open] of [
  ['memory and a file', openEmbedded],
  ['Redis', shareRedis()],
] satisfies [string, OpenLedger][]) {
  describe(`the ledger in ${name}`, () => {
    test('a renewal that comes behind a deferral does not put off when the upstream is asked', async (t) => {
      const under = await open(t);
      const { ledger } = under;
      const { holdId } = admission();
      granted(await ledger.admit(admission({ holdId, budgets: [budget()] })));
      const upstream = { id: 'resp_1', path: '/responses/resp_1' };
      await ledger.defer({ org, holdId, upstream, pollAfterMs: minuteMs });
      await ledger.renew({ org, leaseMs: hourMs, holdIds: [holdId] });
      await under.advance(2 * minuteMs);
      const due = await ledger.claimDue({ org, max: 10, claimMs: hourMs });
      assert.deepEqual(
        due.map((hold) => hold.holdId),
        [holdId],
      );
    });
  });
}
