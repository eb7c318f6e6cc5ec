import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallerLeft, type ProxyError } from '../../src/errors.ts';
import type { Exchange, Handler } from '../../src/exchange.ts';
import { timeOut } from '../../src/policies/time-out.ts';
import { createFakeClock } from '../harness/fake-clock.ts';
import { callOf, chatCall } from '../resilience/retrying.ts';
import { replyOf } from '../resilience/scripted-handler.ts';

const timeouts = {
  generation: { firstByteMs: 600_000, idleMs: 300_000, wholeMs: 0 },
  lookup: { firstByteMs: 60_000, idleMs: 30_000, wholeMs: 5000 },
  transfer: { firstByteMs: 70_000, idleMs: 40_000, wholeMs: 0 },
};

/** As the transport does: waits until it is aborted. */
const silent: Handler = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new CallerLeft(true))));

for (const [title, headers, endsAtMs] of [
  ['of the SDKs for Node', { 'x-stainless-timeout': '10' }, 9500],
  ['of those for Python', { 'x-stainless-read-timeout': '4.0' }, 3800],
  ['that are both told', { 'x-stainless-timeout': '60', 'x-stainless-read-timeout': '20' }, 19_500],
] as const) {
  test(`an answer that has not begun ends a little ahead of the timeouts ${title}`, async () => {
    const clock = createFakeClock();
    const call = timeOut(timeouts, clock)(silent)(chatCall({ headers }));
    let endedAtMs: number | undefined;
    const over = assert.rejects(call, (error: ProxyError) => {
      endedAtMs = clock.nowMs();
      assert.deepEqual(
        [error.code, error.mayHaveRun, error.headers['x-should-retry']],
        ['upstream_timeout', true, 'false'],
      );
      return true;
    });
    await clock.advance(endsAtMs - 1);
    assert.equal(endedAtMs, undefined);
    await clock.advance(1);
    await over;
    assert.equal(endedAtMs, endsAtMs);
  });
}

for (const value of ['0', '-1', 'soon', '1e9', '999999', '']) {
  test(`X-Stainless-Timeout: ${value} is no time`, async () => {
    const clock = createFakeClock();
    let seen: Exchange | undefined;
    const handler: Handler = async (exchange) => ((seen = exchange), replyOf({ status: 200 }));
    await timeOut(timeouts, clock)(handler)(chatCall({ headers: { 'x-stainless-timeout': value } }));
    assert.equal(seen?.timing?.beginsByMs, Infinity);
  });
}

test('what the upstream may take and pause goes by the class of the operation', async () => {
  const clock = createFakeClock();
  const seen: unknown[] = [];
  const handler: Handler = async ({ timing }) => (
    seen.push([timing?.firstByteMs, timing?.idleMs]),
    replyOf({ status: 200 })
  );
  const send = timeOut(timeouts, clock)(handler);
  for (const call of [
    chatCall(),
    callOf('responses.retrieve'),
    callOf('responses.retrieve', undefined, { query: '?stream=true' }),
    callOf('responses.cancel'),
    callOf('vectorStores.search', {}),
    callOf('files.content'),
    callOf('files.create', {}),
  ]) {
    await send(call);
  }
  const [generation, lookup, transfer] = [
    [600_000, 300_000],
    [60_000, 30_000],
    [70_000, 40_000],
  ];
  assert.deepEqual(seen, [generation, lookup, generation, lookup, lookup, transfer, transfer]);
});

test('an answer that has begun may take longer than the caller waits for its beginning', async () => {
  const clock = createFakeClock();
  let seen: Exchange | undefined;
  const handler: Handler = async (exchange) => ((seen = exchange), replyOf({ status: 200 }));
  await timeOut(timeouts, clock)(handler)(chatCall({ headers: { 'x-stainless-timeout': '1' } }));
  await clock.advance(100_000);
  assert.equal(seen?.signal.aborted, false);
});

test('a call that may only take so long is cut, and told as such', async () => {
  const clock = createFakeClock();
  const finished = Promise.withResolvers<{ ending: 'aborted'; bodyBytes: number }>();
  const handler: Handler = async ({ signal }) => {
    signal.addEventListener('abort', () => finished.resolve({ ending: 'aborted', bodyBytes: 3 }));
    return { ...replyOf({ status: 200 }), finished: finished.promise };
  };
  const reply = await timeOut(timeouts, clock)(handler)(callOf('models.list'));
  await clock.advance(5000);
  const outcome = await reply.finished;
  assert.equal(outcome.ending, 'cut');
  assert.equal((outcome.error as ProxyError).code, 'upstream_timeout');
});

test('a caller that leaves is told from one whose time is over', async () => {
  const clock = createFakeClock();
  const caller = new AbortController();
  const headers = { 'x-stainless-timeout': '10' };
  const call = timeOut(timeouts, clock)(silent)(chatCall({ headers, signal: caller.signal }));
  caller.abort();
  await assert.rejects(call, CallerLeft);
});
