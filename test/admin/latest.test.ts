import assert from 'node:assert/strict';
import { test } from 'node:test';

import { latestOf } from '../../src/admin/latest.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';

test('however many look, the store is asked once, and those that come later get the answer', async () => {
  let asked = 0;
  const answer = Promise.withResolvers<string>();
  const read = latestOf(
    () => {
      asked += 1;
      return answer.promise;
    },
    { now: () => 5 },
  );
  const looking = Array.from({ length: 20 }, read);
  answer.resolve('all');
  for (const { value, asOfMs, problem } of await Promise.all(looking)) {
    assert.deepEqual({ value, asOfMs, problem }, { value: 'all', asOfMs: 5, problem: undefined });
  }
  await read();
  assert.equal(asked, 1);
});

test('a store that does not answer is told as such, beside what it said last', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  const answers = [
    () => Promise.resolve('before'),
    () => Promise.reject(new StoreUnavailable('no answer within 250 ms')),
    () => Promise.reject(new Error('content')),
    () => new Promise<string>(() => {}),
  ];
  const read = latestOf(() => answers.shift()!(), { now: () => nowMs });
  assert.equal((await read()).value, 'before');
  nowMs += 1001;
  const away = await read();
  assert.deepEqual(
    [away.value, away.asOfMs, away.problem],
    ['before', 0, 'the store is unavailable: no answer within 250 ms'],
  );
  nowMs += 1001;
  assert.equal((await read()).problem, 'the store could not be read');
  nowMs += 1001;
  const waiting = read();
  t.mock.timers.tick(750);
  assert.equal((await waiting).value, 'before');
});

test('a slow store is asked for no more than a small share of the time', async (t) => {
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  let asked = 0;
  const read = latestOf(
    async () => {
      asked += 1;
      nowMs += 600;
    },
    { now: () => nowMs },
  );
  await read();
  nowMs += 5999;
  await read();
  assert.equal(asked, 1);
  nowMs += 1;
  await read();
  assert.equal(asked, 2);
});
