import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallerLeft } from '../../src/errors.ts';
import { createFakeClock, fakeEpochMs } from '../harness/fake-clock.ts';
import { type Answer, pacedCalls, requestsLeft } from './paced-calls.ts';

test('what is left is spent at once, and what is not there is waited for in turn', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  // Eight of ten are missing, and come in eight seconds: one a second.
  call({ headers: requestsLeft(10, 2, '8s') });
  await clock.advance(0);
  const calls = [1, 2, 3, 4, 5].map(() => call());
  await clock.advance(5000);
  assert.deepEqual(
    calls.map(({ sentAtMs }) => sentAtMs),
    [0, 0, 1000, 2000, 2000],
  );
});

test('what an answer says counts from when its call was sent, without those that were sent behind it', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock, { maxWaitMs: 60_000 });
  call({ tookMs: 3000, headers: requestsLeft(10, 4, '6s') });
  await clock.advance(1000);
  call({ tookMs: 60_000 });
  call({ tookMs: 60_000 });
  await clock.advance(2000);
  // 4 were left, 3 have come in, 2 were taken.
  const calls = [1, 2, 3, 4, 5, 6, 7].map(() => call());
  await clock.advance(2000);
  assert.deepEqual(
    calls.map(({ sentAtMs }) => sentAtMs),
    [3000, 3000, 3000, 3000, 3000, 4000, 5000],
  );
});

test('an answer that comes late does not undo what a later call was told', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  call({ tookMs: 500, headers: requestsLeft(10, 9, '1s') });
  await clock.advance(100);
  call({ tookMs: 100, headers: requestsLeft(10, 0, '10s') });
  await clock.advance(400);
  const waiting = call();
  await clock.advance(2000);
  // Since the later one was sent, at 100 ms, 0.4 have come in.
  assert.equal(waiting.sentAtMs, 1100);
});

test('a limit that is raised or lowered upstream holds from the next answer on', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  call({ headers: requestsLeft(10, 0, '10s') });
  await clock.advance(0);
  const raising = call({ headers: requestsLeft(1000, 900, '10s') });
  await clock.advance(1000);
  const atOnce = call({ headers: requestsLeft(2, 0, '2s') });
  await clock.advance(0);
  const lowered = call();
  await clock.advance(1000);
  assert.deepEqual([raising.sentAtMs, atOnce.sentAtMs, lowered.sentAtMs], [1000, 1000, 2000]);
});

test('tokens are counted from the bytes of the body', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  const headers = {
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '100s',
  };
  call({ headers });
  await clock.advance(0);
  // 32 bytes: eight tokens, of which ten come a second.
  const waiting = call();
  await clock.advance(2000);
  assert.equal(waiting.sentAtMs, 800);
});

test('absurd headers slow nothing by more than the longest wait, and nothing for ever', async () => {
  const absurd: Answer[] = [
    { headers: requestsLeft(0, 0, '1s') },
    { headers: requestsLeft(10, 999_999_999_999_999, '1s') },
    { headers: requestsLeft(999_999_999_999_999, 0, '999999999d') },
    { headers: requestsLeft(999_999_999_999_999, 0, '0.0000000000000000000001ms') },
    { headers: requestsLeft(10, 0, '0s') },
    { headers: requestsLeft(-1, Number.NaN, 'soon') },
    { status: 429, headers: { 'retry-after': '9'.repeat(60) } },
    { status: 429, headers: { 'x-ratelimit-reset-requests': '999999999d' } },
  ];
  for (const answer of absurd) {
    const clock = createFakeClock();
    const call = pacedCalls(clock);
    call(answer);
    await clock.advance(0);
    const calls = [1, 2, 3, 4].map(() => call());
    await clock.advance(2000);
    for (const { sentAtMs } of calls) assert.ok(sentAtMs !== undefined, JSON.stringify(answer));
  }
});

test('a 429 holds back all calls of its model, and of no other, for as long as it asks', async () => {
  const rows: [headers: Record<string, string>, expectedMs: number][] = [
    [{ 'retry-after-ms': '1500', 'retry-after': '1' }, 1500],
    [{ 'retry-after': '1' }, 1000],
    [{ 'retry-after': new Date(fakeEpochMs + 1000).toUTCString() }, 1000],
    [{ 'retry-after': new Date(fakeEpochMs - 1000).toUTCString() }, 0],
    [{ 'retry-after': '-1' }, 0],
    [{ 'retry-after': 'later' }, 0],
    [{ 'retry-after': '3600' }, 2000],
    [{ 'x-ratelimit-reset-requests': '750ms' }, 750],
    [{ 'x-ratelimit-reset-requests': '750ms', 'x-ratelimit-reset-tokens': '1s' }, 1000],
    [{ 'retry-after-ms': '20', 'x-ratelimit-reset-requests': '750ms' }, 20],
    [{ 'retry-after': '-1', 'x-ratelimit-reset-requests': '750ms' }, 750],
    // All ten are there again in ten seconds, and so the next one in one.
    [{ ...requestsLeft(10, 0, '10s') } as Record<string, string>, 1000],
    [{ ...requestsLeft(10, 0, '10s'), 'retry-after': '2' } as Record<string, string>, 2000],
  ];
  for (const [headers, expectedMs] of rows) {
    const clock = createFakeClock();
    const call = pacedCalls(clock);
    call({ status: 429, headers });
    await clock.advance(0);
    const [held, other] = [call(), call({}, 'gpt-5')];
    await clock.advance(2000);
    assert.deepEqual([held.sentAtMs, other.sentAtMs], [expectedMs, 0], JSON.stringify(headers));
  }
});

test('an absurdly long hold is over after a minute, and only a 429 holds back', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  call({ status: 503, headers: { 'retry-after': '1' } });
  await clock.advance(0);
  const atOnce = call({ status: 429, headers: { 'retry-after': '31536000' } });
  await clock.advance(59_000);
  const held = call();
  await clock.advance(1000);
  const free = call();
  await clock.advance(0);
  assert.deepEqual([atOnce.sentAtMs, held.sentAtMs, free.sentAtMs], [0, 60_000, 60_000]);
});

test('a call that waits for its turn stays away when another one is asked to', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  call({ tookMs: 500, status: 429, headers: { 'retry-after': '10' } });
  await clock.advance(100);
  call({ headers: requestsLeft(10, 0, '10s') });
  await clock.advance(0);
  const waiting = call();
  await clock.advance(5000);
  assert.equal(waiting.sentAtMs, 2100, 'no longer than the longest wait, all in all');
});

test('a call whose caller leaves gives back what it took', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  call({ headers: requestsLeft(10, 0, '10s') });
  await clock.advance(0);
  const leaving = new AbortController();
  const left = call({}, 'gpt-4o', leaving.signal);
  leaving.abort();
  await assert.rejects(left.answered, CallerLeft);
  const next = call();
  await clock.advance(2000);
  assert.deepEqual([left.sentAtMs, next.sentAtMs], [undefined, 1000]);
});

test('debts that nobody waits for are forgotten', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  call({ headers: requestsLeft(10, 0, '10s') });
  await clock.advance(0);
  // An upstream that says nothing of what it thinks of these.
  for (let index = 0; index < 100; index += 1) call();
  await clock.advance(12_000);
  const next = call();
  await clock.advance(0);
  assert.equal(next.sentAtMs, 12_000);
});

test('with a longest wait of zero, nothing waits', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock, { maxWaitMs: 0 });
  call({ status: 429, headers: { ...requestsLeft(10, 0, '10s'), 'retry-after': '5' } });
  await clock.advance(0);
  const calls = [1, 2, 3].map(() => call());
  await clock.advance(0);
  assert.deepEqual(
    calls.map(({ sentAtMs }) => sentAtMs),
    [0, 0, 0],
  );
});

test('names that callers make up push out only what is not used', async () => {
  const clock = createFakeClock();
  const call = pacedCalls(clock);
  call({ headers: requestsLeft(10, 9, '1s') });
  call({ headers: requestsLeft(10, 0, '10s') }, 'idle');
  await clock.advance(0);
  for (let index = 0; index < 1000; index += 1) {
    call({}, `made-up-${index}`);
    if (index % 100 === 0) call({ headers: requestsLeft(10, 0, '10s') });
  }
  await clock.advance(0);
  const [kept, pushedOut] = [call(), call({}, 'idle')];
  await clock.advance(2000);
  assert.deepEqual([kept.sentAtMs, pushedOut.sentAtMs], [2000, 0]);
});
