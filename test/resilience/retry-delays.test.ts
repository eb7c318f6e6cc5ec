import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallerLeft, type ProxyError } from '../../src/errors.ts';
import { createRetryBudget } from '../../src/resilience/retry-budget.ts';
import { createFakeClock, fakeEpochMs } from '../harness/fake-clock.ts';
import { callOf, chatCall, retrying, settle } from './retrying.ts';
import { type Answer, apiError, failures, replyOf, scriptedHandler, textOf } from './scripted-handler.ts';

const ok: Answer = { status: 200, body: '{"ok":true}' };
const limited = (headers: Record<string, string> = {}): Answer => ({ ...failures['a rate limit'], headers });

test('pauses are random up to the base, which doubles with each attempt, and no longer than the longest', async () => {
  for (const [random, expected] of [
    [0, [0, 0, 0, 0, 0, 0, 0]],
    [0.5, [125, 250, 500, 1000, 2000, 4000, 4000]],
    [0.999, [249.75, 499.5, 999, 1998, 3996, 7992, 7992]],
  ] as const) {
    const { handler } = scriptedHandler(failures['a server error']);
    const { handler: send, clock } = retrying(handler, { maxAttempts: 8, random: () => random });
    assert.equal((await settle(clock, send(chatCall()))).status, 500);
    // A pause of nothing is none.
    assert.deepEqual(clock.sleptMs, expected.filter(Boolean));
  }
});

const httpDate = (fromNowMs: number) => new Date(fakeEpochMs + fromNowMs).toUTCString();

for (const [title, headers, sleptMs] of [
  ['no hint is paused for as the policy likes', {}, 125],
  ['retry-after-ms is in milliseconds', { 'retry-after-ms': '40' }, 40 + 125],
  ['Retry-After is in seconds', { 'retry-after': '2' }, 2000 + 125],
  ['retry-after-ms goes before Retry-After', { 'retry-after-ms': '40', 'retry-after': '2' }, 40 + 125],
  ['Retry-After may be a date', { 'retry-after': httpDate(3000) }, 3000 + 125],
  ['one that is negative is none', { 'retry-after': '-5' }, 125],
  ['a date in the past is none', { 'retry-after': httpDate(-60_000) }, 125],
  ['what is no number is none', { 'retry-after': 'soon' }, 125],
  ['NaN is none', { 'retry-after-ms': 'NaN' }, 125],
  [
    'x-ratelimit-reset of what is used up is waited for, in its own unit',
    {
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '1m2s',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '12ms',
    },
    undefined,
  ],
  [
    'of what is not used up it is not',
    {
      'x-ratelimit-remaining-tokens': '5',
      'x-ratelimit-reset-tokens': '6s',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '12ms',
    },
    12 + 125,
  ],
] as const) {
  test(`hints of the upstream: ${title}`, async () => {
    const { handler, sent } = scriptedHandler(limited(headers), ok);
    const { handler: send, clock } = retrying(handler);
    const reply = await settle(clock, send(chatCall()));
    assert.deepEqual(clock.sleptMs, sleptMs === undefined ? [] : [sleptMs]);
    assert.equal(reply.status, sleptMs === undefined ? 429 : 200);
    assert.equal(sent.length, sleptMs === undefined ? 1 : 2);
  });
}

for (const [title, header, mayComeBack] of [
  ['of half a minute, which SDKs wait for themselves', '30', true],
  ['of more than SDKs wait for', '61', false],
  ['of a year', String(365 * 86_400), false],
  ['until a date in a year', httpDate(365 * 86_400_000), false],
] as const) {
  test(`a pause ${title} is not waited for here`, async () => {
    const { handler, sent } = scriptedHandler(limited({ 'retry-after': header }));
    const { handler: send, clock, told } = retrying(handler);
    const reply = await settle(clock, send(chatCall()));
    assert.deepEqual([reply.status, sent.length, clock.sleptMs], [429, 1, []]);
    assert.equal(reply.headers['retry-after'], header);
    assert.equal(reply.headers['x-should-retry'], mayComeBack ? undefined : 'false');
    assert.deepEqual(told, ['withheld: wait']);
  });
}

test("x-should-retry is the upstream's own word, whatever the status", async () => {
  const never = scriptedHandler({
    status: 503,
    headers: { 'x-should-retry': 'false' },
    body: apiError('server_is_overloaded'),
  });
  const alone = retrying(never.handler);
  assert.equal((await settle(alone.clock, alone.handler(chatCall()))).status, 503);
  assert.equal(never.sent.length, 1);
  const always = scriptedHandler({ status: 502, headers: { 'x-should-retry': 'true' } }, ok);
  const again = retrying(always.handler);
  assert.equal((await settle(again.clock, again.handler(chatCall()))).status, 200);
  assert.equal(always.sent.length, 2);
});

test('a pause that would end behind the time of the caller is not begun', async () => {
  const { handler, sent } = scriptedHandler(limited({ 'retry-after': '3' }));
  const { handler: send, clock, told } = retrying(handler);
  const timing = { beginsByMs: 3100, firstByteMs: 1, idleMs: 1 };
  const reply = await settle(clock, send(chatCall({ timing })));
  assert.deepEqual([reply.status, sent.length, clock.sleptMs], [429, 1, []]);
  assert.deepEqual(told, ['withheld: time']);
  const longer = retrying(handler);
  await settle(longer.clock, longer.handler(chatCall({ timing: { ...timing, beginsByMs: 3126 } })));
  assert.deepEqual(longer.clock.sleptMs, [3125]);
});

test('a caller that leaves in a pause is not called for any more', async () => {
  const { handler, sent } = scriptedHandler(failures['a server error']);
  const { handler: send, clock } = retrying(handler);
  const caller = new AbortController();
  const call = send(chatCall({ signal: caller.signal }));
  await clock.advance(100);
  caller.abort();
  await assert.rejects(call, CallerLeft);
  assert.equal(sent.length, 1);
});

test('what is given up says so to SDKs, and keeps its body and its other headers', async () => {
  const { handler } = scriptedHandler({ ...failures['a server error'], headers: { 'x-request-id': 'up_1' } });
  const { handler: send, clock } = retrying(handler);
  const reply = await settle(clock, send(chatCall()));
  assert.deepEqual([reply.headers['x-should-retry'], reply.headers['x-request-id']], ['false', 'up_1']);
  assert.equal(await textOf(reply), failures['a server error'].body);
});

test('an error of the sidecar that is given up says so, too', async () => {
  for (const step of [failures['no connection'], failures['a connection that broke off']]) {
    const { handler } = scriptedHandler(step);
    const { handler: send, clock } = retrying(handler);
    await assert.rejects(settle(clock, send(chatCall())), (error: ProxyError) => {
      assert.equal(error.headers['x-should-retry'], 'false');
      return error.code === 'upstream_unreachable' && error.mayHaveRun === step.mayHaveRun;
    });
  }
});

test('where nothing is sent again, SDKs may do so, but never what may have run', async () => {
  for (const [step, expected] of [
    [failures['a rate limit'], undefined],
    [failures['a server error'], undefined],
    [failures['a bad gateway'], 'false'],
    [failures['an exhausted quota'], 'false'],
  ] as const) {
    const { handler } = scriptedHandler(step);
    const { handler: send, clock } = retrying(handler, { maxAttempts: 1 });
    assert.equal((await settle(clock, send(chatCall()))).headers['x-should-retry'], expected);
  }
});

test('what is the answer to the call is passed on untouched and unread', async () => {
  for (const step of [failures['a bad request'], failures['an unknown id'], ok]) {
    const reply = replyOf(step);
    const { handler: send, clock } = retrying(async () => reply);
    assert.equal(await settle(clock, send(chatCall())), reply);
  }
});

test('an error whose body does not come is told by its status', async () => {
  const { handler, sent } = scriptedHandler(
    async () => ({
      ...replyOf({ status: 429 }),
      body: (sink) => {
        sink.write(Buffer.from('{"error":'));
        return { resume() {}, leave() {} };
      },
    }),
    ok,
  );
  const { handler: send, clock } = retrying(handler);
  assert.equal((await settle(clock, send(chatCall()))).status, 200);
  assert.equal(sent.length, 2);
  assert.equal(clock.nowMs(), 1000 + 125);
});

test('of the calls of the last ten seconds a fifth may be sent again, and ten in any case', async () => {
  const clock = createFakeClock();
  const budget = createRetryBudget(() => 20, clock.nowMs);
  const { handler, sent } = scriptedHandler(failures['a server error']);
  const { handler: send, told } = retrying(handler, { budget, maxAttempts: 2, baseMs: 0 }, clock);
  for (let call = 0; call < 100; call += 1) await send(chatCall());
  const retries = told.filter((line) => line.startsWith('retried')).length;
  // The first calls have the ten; from then on each fifth call earns one.
  assert.equal(retries, 10 + 20);
  assert.equal(sent.length, 100 + retries);
  assert.ok(told.includes('withheld: budget'));
  assert.equal(budget.left(), 0);
  await clock.advance(11_000);
  await send(callOf('models.list'));
  assert.equal(told.at(-1), 'withheld: attempts', 'old retries are forgotten');
  assert.ok(budget.left() > 8);
});

test('a budget of nothing sends nothing again', async () => {
  const clock = createFakeClock();
  const { handler, sent } = scriptedHandler(failures['no connection']);
  const budget = createRetryBudget(() => 0, clock.nowMs);
  const { handler: send } = retrying(handler, { budget }, clock);
  await assert.rejects(send(chatCall()));
  assert.equal(sent.length, 1);
});

test('an answer after several attempts tells how many there were', async () => {
  const { handler } = scriptedHandler(failures['a server error'], failures['a server error'], ok);
  const { handler: send, clock } = retrying(handler);
  const reply = await settle(clock, send(chatCall()));
  assert.equal((await reply.finished).attempts, 3);
});
