import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createOutbox } from '../../src/ledger/outbox.ts';
import { noJournal } from '../../src/ledger/settlement-journal.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';

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

const away = () => Promise.reject(new StoreUnavailable('away'));

test('work that the store never takes does not keep other work waiting', async () => {
  const outbox = createOutbox(noJournal, () => assert.fail('nothing is lost'));
  for (let index = 0; index < 200; index += 1) outbox.send({ work: away });
  const isDone = Promise.withResolvers<'done'>();
  let failures = 1;
  outbox.send({
    work: async () => {
      failures -= 1;
      if (failures >= 0) throw new StoreUnavailable('away');
      isDone.resolve('done');
    },
  });
  assert.equal(await Promise.race([isDone.promise, sleep(10_000, 'it still waits')]), 'done');
});

test('work that fails just when all that waited is done is repeated, too', async () => {
  // How many turns of the microtask queue lie between the two is of no concern here: all that are near are tried.
  for (let turns = 0; turns < 12; turns += 1) {
    const outbox = createOutbox(noJournal, () => assert.fail('nothing is lost'));
    let isBack = false;
    const late = Promise.withResolvers<void>();
    let failures = 1;
    outbox.send({
      work: async () => {
        await late.promise;
        failures -= 1;
        if (failures >= 0) throw new StoreUnavailable('away');
      },
    });
    outbox.send({
      work: async () => {
        if (!isBack) throw new StoreUnavailable('away');
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        void afterTurns(turns).then(() => late.resolve());
      },
    });
    isBack = await sleep(5, true);
    assert.equal(await outbox.flush(3000), true, `it is forgotten after ${turns} turns`);
  }
});

async function afterTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

test('whoever sent work hears that it was given up, and so stops to renew its hold', async () => {
  const lost: string[] = [];
  const outbox = createOutbox(noJournal, ({ message }) => lost.push(message));
  let givenUp = 0;
  outbox.send({
    work: () => Promise.reject(new RangeError('a fault of ours')),
    onGivenUp: () => (givenUp += 1),
  });
  for (let index = 0; index < 50_001; index += 1)
    outbox.send({ work: away, onGivenUp: () => (givenUp += 1) });
  await sleep(50);
  assert.equal(givenUp, 2);
  assert.deepEqual(lost, ['a fault of ours', 'too much waits for the store']);
});

test('a charge is kept before it is tried where the store is known to be away', async () => {
  const kept = new Map<string, string>();
  const journal = {
    ...noJournal,
    keep: (holdId: string, text: string) => void kept.set(holdId, text),
    forget: (holdId: string) => void kept.delete(holdId),
  };
  let isReachable = false;
  const outbox = createOutbox(
    journal,
    () => assert.fail('nothing is lost'),
    () => isReachable,
  );
  const settlement = (holdId: string) => ({ org: 'acme', holdId, charge: 'hold' as const, estimated: true });
  const back = Promise.withResolvers<void>();
  outbox.send({ work: () => back.promise, settlement: settlement('hold-1') });
  assert.deepEqual([...kept.keys()], ['hold-1']);
  isReachable = true;
  outbox.send({ work: () => back.promise, settlement: settlement('hold-2') });
  assert.deepEqual([...kept.keys()], ['hold-1']);
  back.resolve();
  assert.equal(await outbox.flush(1000), true);
  assert.deepEqual([...kept.keys()], []);
});
