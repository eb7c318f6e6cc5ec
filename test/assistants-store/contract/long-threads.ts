import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AssistantStore, PageRequest, Partition } from '../../../src/assistants/store/store.ts';
import { type OpenStore, org } from './store-under-test.ts';

const sizes = { long: 100_000, short: 100 };
const createdTogether = 2000;
const samples = 60;
/** A full read of the long thread costs a thousand times that of the short one. */
const maxRatio = 5;

/** Pages of a long thread must cost what they cost in a short one. */
export function testLongThreads(name: string, open: OpenStore): void {
  test(`a page of a thread of ${sizes.long} messages in ${name} costs as much as one of ${sizes.short}`, async (t) => {
    const { store } = await open(t);
    const long = { org, name: 'long' };
    const short = { org, name: 'short' };
    await fill(store, long, sizes.long);
    await fill(store, short, sizes.short);
    for (const order of ['asc', 'desc'] as const) {
      for (const cursor of ['none', 'after', 'before', 'both'] as const) {
        const ratio = await costRatio(
          () => readPage(store, long, pageIn(sizes.long, order, cursor)),
          () => readPage(store, short, pageIn(sizes.short, order, cursor)),
        );
        assert.ok(ratio < maxRatio, `${order}, cursor ${cursor}: ${ratio.toFixed(1)} times as much`);
      }
    }
    let written = 0;
    const write = (partition: Partition) => async () => {
      written += 1;
      const puts = [{ id: `new ${written}`, body: '{}', lists: ['messages'] }];
      await store.commit(partition, { puts });
      await store.commit(partition, { deletes: [`new ${written}`] });
    };
    const ratio = await costRatio(write(long), write(short));
    assert.ok(ratio < maxRatio, `writing: ${ratio.toFixed(1)} times as much`);
  });
}

async function fill(store: AssistantStore, partition: Partition, size: number): Promise<void> {
  for (let first = 0; first < size; first += createdTogether) {
    const length = Math.min(createdTogether, size - first);
    const puts = Array.from({ length }, (_, index) => ({
      id: `m${first + index}`,
      body: '{}',
      lists: ['messages'],
    }));
    await store.commit(partition, { puts });
  }
}

type Cursor = 'none' | 'after' | 'before' | 'both';

function pageIn(size: number, order: PageRequest['order'], cursor: Cursor): PageRequest {
  const middle = Math.floor(size / 2);
  const [first, second] = order === 'asc' ? [middle, middle + 30] : [middle + 30, middle];
  return {
    limit: 20,
    order,
    ...((cursor === 'after' || cursor === 'both') && { after: `m${first}` }),
    ...((cursor === 'before' || cursor === 'both') && { before: `m${second}` }),
  };
}

async function readPage(store: AssistantStore, partition: Partition, request: PageRequest): Promise<void> {
  const page = await store.list(partition, 'messages', request);
  assert.deepEqual([page?.documents.length, page?.hasMore], [20, true]);
}

/** Of medians. Both are measured in turn, so that a busy machine slows down both. */
async function costRatio(one: () => Promise<void>, other: () => Promise<void>): Promise<number> {
  const taken: [number[], number[]] = [[], []];
  for (let sample = 0; sample < samples; sample += 1) {
    taken[0].push(await takesMs(one));
    taken[1].push(await takesMs(other));
  }
  const [first, second] = taken.map((each) => each.sort((a, b) => a - b)[samples / 2]!);
  return first! / second!;
}

async function takesMs(work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}
