import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StoreUnavailable } from '../../src/ledger/ledger.ts';
import { createOutbox } from '../../src/ledger/outbox.ts';
import { noJournal } from '../../src/ledger/settlement-journal.ts';

test('work is repeated until the store takes it, and done once', async () => {
  const outbox = createOutbox(noJournal, () => assert.fail('nothing is lost'));
  let attempts = 0;
  let done = 0;
  for (let index = 0; index < 120; index += 1) {
    let failures = 2;
    outbox.send({
      work: async () => {
        attempts += 1;
        failures -= 1;
        if (failures >= 0) throw new StoreUnavailable('away');
        done += 1;
      },
    });
  }
  assert.equal(outbox.pending(), 120);
  assert.equal(await outbox.flush(10_000), true);
  assert.deepEqual({ attempts, done, pending: outbox.pending() }, { attempts: 360, done: 120, pending: 0 });
});

test('a flush gives up in time when the store stays away', async () => {
  const outbox = createOutbox(noJournal, () => {});
  outbox.send({ work: () => Promise.reject(new StoreUnavailable('away')) });
  assert.equal(await outbox.flush(50), false);
  assert.equal(outbox.pending(), 1);
});

test('a fault that is not the store is told and not repeated', async () => {
  const lost: string[] = [];
  const outbox = createOutbox(noJournal, ({ message }) => lost.push(message));
  outbox.send({ work: () => Promise.reject(new RangeError('a fault of ours')) });
  assert.equal(await outbox.flush(1000), true);
  assert.deepEqual(lost, ['a fault of ours']);
});
