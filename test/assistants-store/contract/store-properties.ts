import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Commit, PageRequest } from '../../../src/assistants/store/store.ts';
import { createPartitionModel, createWorkModel } from './store-model.ts';
import { minuteMs, type OpenStore } from './store-under-test.ts';

const anId = fc.constantFrom('a', 'b', 'c', 'd', '', '\0', 'ü{}');
const aList = fc.constantFrom('l', 'l/1', '');
const aCommit: fc.Arbitrary<Commit> = fc.record({
  conditions: fc.array(
    fc.record({ id: anId, is: fc.constantFrom('absent' as const, 'present' as const, 1, 2) }),
    { maxLength: 1 },
  ),
  puts: fc.array(
    fc.record({ id: anId, body: fc.string({ unit: 'grapheme' }), lists: fc.array(aList, { maxLength: 2 }) }),
    { maxLength: 3 },
  ),
  deletes: fc.array(anId, { maxLength: 1 }),
});
const aPageRequest: fc.Arbitrary<PageRequest> = fc.record(
  {
    limit: fc.integer({ min: 1, max: 4 }),
    order: fc.constantFrom('asc' as const, 'desc' as const),
    after: anId,
    before: anId,
  },
  { requiredKeys: ['limit', 'order'] },
);
const anOperation = fc.tuple(
  fc.constantFrom('one', 'two'),
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ kind: fc.constant('commit' as const), commit: aCommit }) },
    {
      weight: 10,
      arbitrary: fc.record({ kind: fc.constant('list' as const), list: aList, request: aPageRequest }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), ids: fc.array(anId) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
  ),
);

const aWork = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const minutes = fc.integer({ min: 0, max: 5 });
const aStep = fc.oneof(
  fc.record({ kind: fc.constant('schedule' as const), work: aWork, minutes }),
  fc.record({ kind: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 5 }), minutes }),
  fc.record({ kind: fc.constant('renew' as const), works: fc.uniqueArray(aWork), minutes }),
  fc.record({ kind: fc.constant('call' as const), work: aWork }),
  fc.record({ kind: fc.constant('finish' as const), work: aWork }),
  fc.record({ kind: fc.constant('advance' as const), minutes }),
);

/** Compares a store with the models after each step of random interleavings. */
export function testStoreProperties(name: string, open: OpenStore, numRuns: number): void {
  test(`documents and lists in ${name} are what the model has`, async (t) => {
    const { store } = await open(t);
    let runs = 0;
    const property = fc.asyncProperty(
      fc.array(anOperation, { minLength: 1, maxLength: 40, size: 'max' }),
      async (operations) => {
        runs += 1;
        const models = { one: createPartitionModel(), two: createPartitionModel() };
        for (const [partitionName, operation] of operations) {
          const partition = { org: `run ${runs}`, name: partitionName };
          const model = models[partitionName as keyof typeof models];
          if (operation.kind === 'commit') {
            const { commit } = operation;
            assert.deepEqual(await store.commit(partition, commit), model.commit(commit));
          } else if (operation.kind === 'list') {
            const { list, request } = operation;
            assert.deepEqual(await store.list(partition, list, request), model.list(list, request));
          } else if (operation.kind === 'get') {
            assert.deepEqual(await store.get(partition, operation.ids), model.get(operation.ids));
          } else {
            assert.equal(await store.drop(partition), model.drop());
          }
        }
      },
    );
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 20_000 });
  });

  test(`work in ${name} is due, leased and called for as in the model`, async (t) => {
    const { store, advance } = await open(t);
    let runs = 0;
    const property = fc.asyncProperty(
      fc.array(aStep, { minLength: 1, maxLength: 40, size: 'max' }),
      async (steps) => {
        runs += 1;
        const org = `run ${runs}`;
        const model = createWorkModel();
        for (const step of steps) {
          if (step.kind === 'schedule') {
            await store.schedule(org, step.work, step.minutes * minuteMs);
            model.schedule(step.work, step.minutes);
          } else if (step.kind === 'claim') {
            const claimed = await store.claim(org, step.minutes * minuteMs, step.limit);
            assert.deepEqual(claimed.map(model.dueMinuteOf), model.dueMinutes(step.limit));
            for (const work of claimed) model.lease(work, step.minutes);
          } else if (step.kind === 'renew') {
            const called = await store.renew(org, step.works, step.minutes * minuteMs);
            assert.deepEqual(
              called,
              step.works.filter((work) => model.renew(work, step.minutes)),
            );
          } else if (step.kind === 'advance') {
            await advance(step.minutes * minuteMs);
            model.advance(step.minutes);
          } else {
            await store[step.kind](org, step.work);
            model[step.kind](step.work);
          }
        }
      },
    );
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 20_000 });
  });
}
