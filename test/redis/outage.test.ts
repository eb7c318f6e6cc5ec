import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Ledger } from '../../src/ledger/ledger.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import { startRedis, until } from '../harness/redis.ts';
import { admission, budget, granted, heldTokens, org } from '../ledger/contract/ledger-under-test.ts';
import { openLedger, openReadyLedger, untilReady } from './open-ledger.ts';

const timeoutMs = 300;
/** What a busy machine may add to a timeout. */
const slackMs = 500;

test('while nothing listens, every method is rejected at once', async (t) => {
  const redis = await startRedis(t);
  await redis.stop();
  const { ledger, errors } = openLedger(t, redis.url, { timeoutMs });
  const charge = { tokens: 1, nanoUsd: 0 };
  const methods: (() => Promise<unknown>)[] = [
    () => ledger.admit(admission()),
    () => ledger.renew({ org, leaseMs: 1, holdIds: ['a'] }),
    () => ledger.settle({ org, holdId: 'a', charge, estimated: false }),
    () => ledger.settleDeferred({ org, upstreamId: 'a', charge, estimated: false }),
    () => ledger.defer({ org, holdId: 'a', upstream: { id: 'a', path: '/a' }, pollAfterMs: 1 }),
    () => ledger.claimDue({ org, max: 1, claimMs: 1 }),
    () => ledger.leaveQueue(admission()),
    () => ledger.windows(org),
    () => ledger.reset(org, 'day'),
  ];
  for (const method of methods) {
    assert.ok((await rejectionMs(method())) < slackMs);
  }
  await until(async () => errors.some((error) => error.message.includes('ECONNREFUSED')));
});

test('a server that comes back is found again, and what it held is still held', async (t) => {
  const redis = await startRedis(t, { aof: true });
  const { ledger } = await openReadyLedger(t, redis.url, { timeoutMs });
  const call = admission({ budgets: [budget()] });
  granted(await ledger.admit(call));
  await redis.kill();
  await assert.rejects(ledger.admit(admission()), StoreUnavailable);
  await redis.restart();
  await untilReady(ledger);
  assert.equal(await heldTokens(ledger), 10);
  const charge = { tokens: 4, nanoUsd: 0 };
  assert.equal((await ledger.settle({ org, holdId: call.holdId, charge, estimated: false })).kind, 'settled');
});

test('a server that says nothing any more is waited for no longer than the timeout', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url, { timeoutMs });
  const call = admission({ budgets: [budget()] });
  // The server knows the script, and will run it as soon as it reads it.
  granted(await ledger.admit({ ...call, org: 'globex' }));
  process.kill(redis.pid, 'SIGSTOP');
  const tookMs = await rejectionMs(ledger.admit(call));
  assert.ok(tookMs >= timeoutMs - 5 && tookMs < timeoutMs + slackMs, `${tookMs} ms`);
  await new Promise((resolve) => setTimeout(resolve, timeoutMs + 1500));
  process.kill(redis.pid, 'SIGCONT');
  await untilReady(ledger);
  // The command lay in the server's buffer all the while; it came to be read long after its deadline.
  assert.deepEqual(await ledger.windows(org), [], 'nobody owns such a hold');
});

test('a server that never answers a new connection rejects within the timeout, too', async (t) => {
  const redis = await startRedis(t);
  process.kill(redis.pid, 'SIGSTOP');
  const { ledger } = openLedger(t, redis.url, { timeoutMs });
  for (let call = 0; call < 3; call += 1) {
    assert.ok((await rejectionMs(ledger.admit(admission()))) < timeoutMs + slackMs);
  }
  process.kill(redis.pid, 'SIGCONT');
  await untilReady(ledger);
});

test('a server whose memory is full changes nothing', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url, { timeoutMs });
  const call = admission({ budgets: [budget()] });
  granted(await ledger.admit(call));
  const before = await redis.client.keys('*');
  await redis.client.config('SET', 'maxmemory', '1');
  await assert.rejects(ledger.admit(admission({ budgets: [budget()] })), unavailable(/OOM/));
  const charge = { tokens: 4, nanoUsd: 0 };
  const settlement = { org, holdId: call.holdId, charge, estimated: false };
  await assert.rejects(ledger.settle(settlement), unavailable(/OOM/));
  assert.deepEqual(await redis.client.keys('*'), before);
  await redis.client.config('SET', 'maxmemory', '0');
  assert.equal(await heldTokens(ledger), 10);
  assert.equal((await ledger.settle(settlement)).kind, 'settled');
});

test('a server that has become a replica is left for whoever is the master now', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url, { timeoutMs });
  const clientId = async () =>
    /id=(\d+).*cmd=evalsha/.exec((await redis.client.client('LIST')) as string)?.[1];
  granted(await ledger.admit(admission({ budgets: [budget()] })));
  const connected = await clientId();
  await redis.client.replicaof('127.0.0.1', 1);
  await assert.rejects(ledger.admit(admission({ budgets: [budget()] })), unavailable(/READONLY/));
  await redis.client.replicaof('NO', 'ONE');
  await untilReady(ledger);
  granted(await ledger.admit(admission({ budgets: [budget()] })));
  assert.notEqual(await clientId(), connected);
});

test('a server that forgot the scripts is told them again', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url, { timeoutMs });
  granted(await ledger.admit(admission({ budgets: [budget()] })));
  await redis.client.script('FLUSH');
  const decisions = await Promise.all([1, 2, 3].map(() => ledger.admit(admission({ budgets: [budget()] }))));
  for (const decision of decisions) granted(decision);
  assert.equal(await heldTokens(ledger), 40);
});

test('a wrong password is told, and never shown', async (t) => {
  const redis = await startRedis(t);
  await redis.client.config('SET', 'requirepass', 'right');
  const { errors } = openLedger(t, redis.url.replace('//', '//:hunter2@'), { timeoutMs });
  await until(async () => errors.length > 0);
  assert.match(errors[0]!.message, /WRONGPASS/);
  for (const error of errors)
    assert.doesNotMatch(JSON.stringify({ ...error, text: `${error.stack}` }), /hunter2/);
  const { ledger } = openLedger(t, redis.url.replace('//', '//:right@'), { timeoutMs });
  await untilReady(ledger as Ledger);
});

test('a store that was flushed is told of the calls that it forgot', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url, { timeoutMs });
  const call = admission({ budgets: [budget()] });
  const decision = granted(await ledger.admit(call));
  const admittedAtMs = ledger.nowMs();
  await redis.client.flushall();
  const unrecorded = { budgets: call.budgets, rates: call.rates, held: decision.held, admittedAtMs };
  const charge = { tokens: 7, nanoUsd: 0 };
  const settlement = { org, holdId: call.holdId, charge, estimated: false, unrecorded };
  assert.equal((await ledger.settle(settlement)).kind, 'recovered');
  assert.equal((await ledger.settle(settlement)).kind, 'duplicate');
  const [state] = await ledger.windows(org);
  assert.deepEqual([state?.used.tokens, state?.held.tokens], [7, 0]);
});

async function rejectionMs(work: Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await assert.rejects(work, StoreUnavailable);
  return performance.now() - startedAtMs;
}

function unavailable(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StoreUnavailable && message.test(error.message);
}
