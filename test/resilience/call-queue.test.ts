import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { type CallQueueSettings, createCallQueue } from '../../src/resilience/call-queue.ts';
import { createFakeClock } from '../harness/fake-clock.ts';

const full = new Error('refused');
const nobodyLeaves = new AbortController().signal;

function start(settings: Partial<CallQueueSettings> = {}) {
  const clock = createFakeClock();
  const queue = createCallQueue({
    maxConcurrent: 1,
    maxQueued: 2,
    queueUpToMs: 1000,
    clock,
    refusal: () => full,
    ...settings,
  });
  return { clock, queue };
}

test('calls wait for their turn, in order, and what is over the bound is refused at once', async () => {
  const { queue } = start();
  const order: string[] = [];
  const leave = await queue.enter(nobodyLeaves);
  const second = queue.enter(nobodyLeaves).then((done) => (order.push('second'), done));
  const third = queue.enter(nobodyLeaves).then((done) => (order.push('third'), done));
  await assert.rejects(queue.enter(nobodyLeaves), full);
  assert.deepEqual([queue.running(), queue.waiting()], [1, 2]);
  leave();
  (await second)();
  (await third)();
  assert.deepEqual(order, ['second', 'third']);
  assert.deepEqual([queue.running(), queue.waiting()], [0, 0]);
});

test('a call that waits too long is refused, and those behind it move up', async () => {
  const { queue, clock } = start();
  const leave = await queue.enter(nobodyLeaves);
  const late = assert.rejects(queue.enter(nobodyLeaves), full);
  await clock.advance(500);
  const patient = queue.enter(nobodyLeaves);
  await clock.advance(500);
  await late;
  leave();
  (await patient)();
});

test('a caller that leaves is out of the queue at once', async () => {
  const { queue } = start();
  const leave = await queue.enter(nobodyLeaves);
  const caller = new AbortController();
  const left = queue.enter(caller.signal);
  caller.abort(new Error('gone'));
  assert.equal(queue.waiting(), 0);
  await assert.rejects(left, /gone/);
  await assert.rejects(queue.enter(caller.signal), /gone/);
  leave();
  assert.equal(queue.running(), 0);
});

test('when it is flushed nobody waits any more, and those that run go on', async () => {
  const { queue } = start();
  const leave = await queue.enter(nobodyLeaves);
  const refused = Promise.all([1, 2].map(() => assert.rejects(queue.enter(nobodyLeaves), /open/)));
  queue.flush(new Error('open'));
  await refused;
  assert.deepEqual([queue.running(), queue.waiting()], [1, 0]);
  leave();
});

test('whatever comes and goes, no more run than may, and no place is lost', async () => {
  const step = fc.oneof(
    fc.constant('come'),
    fc.constant('end'),
    fc.constant('leave'),
    fc.constant('wait'),
    fc.constant('flush'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue, clock } = start({ maxConcurrent: 3, maxQueued: 4 });
      const running: (() => void)[] = [];
      const callers: AbortController[] = [];
      for (const each of steps) {
        if (each === 'come') {
          const caller = new AbortController();
          callers.push(caller);
          void queue.enter(caller.signal).then(
            (leave) => running.push(leave),
            () => {},
          );
        } else if (each === 'end') running.shift()?.();
        else if (each === 'leave') callers.pop()?.abort(new Error('gone'));
        else if (each === 'wait') await clock.advance(400);
        else queue.flush(new Error('flushed'));
        await clock.advance(0);
        assert.ok(queue.running() <= 3 && queue.waiting() <= 4);
        assert.equal(running.length, queue.running());
        assert.ok(queue.waiting() === 0 || queue.running() === 3);
      }
      while (queue.running() > 0) {
        running.shift()!();
        await clock.advance(0);
      }
      assert.deepEqual([queue.running(), queue.waiting()], [0, 0]);
    }),
    { numRuns: 200 },
  );
});
