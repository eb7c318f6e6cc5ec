import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openSettlementJournal } from '../../src/embedded/settlement-journal.ts';
import { createOutbox } from '../../src/ledger/outbox.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import { temporaryDirectory } from '../embedded/temporary-directory.ts';

test('a journal that can not be written to is told of, and the charge is sent all the same', async (t) => {
  const problems: Error[] = [];
  const journal = openSettlementJournal(temporaryDirectory(t), (error) => problems.push(error));
  journal.close();
  const outbox = createOutbox(journal, assert.fail);
  let failures = 1;
  outbox.send({
    work: async () => {
      failures -= 1;
      if (failures >= 0) throw new StoreUnavailable('away');
    },
    settlement: { org: 'acme', holdId: 'req_1', charge: 'hold', estimated: true },
  });
  assert.equal(await outbox.flush(5000), true);
  assert.equal(problems.length, 2);
});
