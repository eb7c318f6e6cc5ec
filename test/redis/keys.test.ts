import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lateNewsMs, tombstoneMs } from '../../src/ledger/settlement.ts';
import { unpackDoubles } from '../../src/redis/doubles.ts';
import { startRedis } from '../harness/redis.ts';
import {
  admission,
  budget,
  concurrency,
  costs,
  every,
  granted,
  hourMs,
  minuteMs,
  org,
  rate,
  rolling,
} from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger } from './open-ledger.ts';

const slackMs = 5000;

test('what has no end of its own expires, and holds do not', async (t) => {
  const redis = await startRedis(t);
  const { ledger, keyPrefix } = await openReadyLedger(t, redis.url);
  const call = admission({
    demand: costs(50, 7),
    budgets: [budget({ window: every(hourMs) }), budget({ budget: 'roll', window: rolling(hourMs) })],
    rates: [rate({ unit: 'tokens', perSecond: 1, burst: 100 })],
    concurrencies: [concurrency()],
  });
  const decision = granted(await ledger.admit(call));
  const at = `${keyPrefix}:{acme}:`;
  const [calendar] = decision.budgets;
  const window = `${at}w:day::every%3A${hourMs}`;
  const doublesAt = async (key: string) => unpackDoubles((await redis.client.getBuffer(key))!);
  const { startMs, endMs } = calendar!;
  assert.deepEqual(await doublesAt(window), [0, startMs, endMs, 0, 0, 50, 7, 0, 0]);
  assert.equal(await redis.client.pexpiretime(window), endMs + hourMs);
  const rollingTtlMs = await redis.client.pttl(`${at}w:roll::rolling%3A${hourMs}`);
  assert.ok(rollingTtlMs > 2 * hourMs && rollingTtlMs <= 2 * hourMs + minuteMs);
  assert.equal((await doublesAt(`${at}r:requests:`))[0], 50);
  const levelTtlMs = await redis.client.pttl(`${at}r:requests:`);
  assert.ok(levelTtlMs > 110_000 - slackMs && levelTtlMs <= 110_000);
  assert.equal(await redis.client.pttl(`${at}h`), -1);
  assert.deepEqual(await redis.client.zrange(`${at}c:runs:`, '0', '-1'), [call.holdId]);

  const charge = { tokens: 20, nanoUsd: 3 };
  await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
  assert.deepEqual(await doublesAt(window), [0, startMs, endMs, 20, 3, 0, 0, 0, 0]);
  const tombstoneTtlMs = await redis.client.pttl(`${at}s:${call.holdId}`);
  assert.ok(tombstoneTtlMs > tombstoneMs - slackMs && tombstoneTtlMs <= tombstoneMs);
  const left = (await redis.client.keys(`${at}*`)).map((key) => key.slice(at.length)[0]).sort();
  assert.deepEqual(left, ['i', 'r', 's', 'w', 'w'], 'holds, leases and places are gone');
});

test('an estimate is remembered for longer', async (t) => {
  const redis = await startRedis(t);
  const { ledger, keyPrefix } = await openReadyLedger(t, redis.url);
  const call = admission({ budgets: [budget()] });
  granted(await ledger.admit(call));
  await ledger.settle({ org, holdId: call.holdId, charge: 'hold', estimated: true });
  const ttlMs = await redis.client.pttl(`${keyPrefix}:{acme}:s:${call.holdId}`);
  assert.ok(ttlMs > lateNewsMs - slackMs && ttlMs <= lateNewsMs);
});

test('a denial writes nothing, and a call with nothing to settle leaves no hold', async (t) => {
  const redis = await startRedis(t);
  const { ledger, keyPrefix } = await openReadyLedger(t, redis.url);
  const denied = admission({ demand: costs(1000), budgets: [budget()], rates: [rate()] });
  assert.equal((await ledger.admit(denied)).kind, 'denied');
  assert.deepEqual(await redis.client.keys('*'), []);
  granted(await ledger.admit(admission({ rates: [rate()] })));
  granted(await ledger.admit(admission()));
  assert.deepEqual(await redis.client.keys('*'), [`${keyPrefix}:{acme}:r:requests:`]);
});

test('all keys of an organisation have one hash tag, whatever its name', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url, { keyPrefix: 'p' });
  granted(await ledger.admit(admission({ org: 'a}b{c:d', budgets: [budget()], rates: [rate()] })));
  const tags = (await redis.client.keys('*')).map((key) => /^p:(\{[^}]*\}):/.exec(key)?.[1]);
  assert.deepEqual([...new Set(tags)], ['{a%7Db%7Bc%3Ad}']);
});

test('charges that are no whole, positive numbers are refused before they are sent', async (t) => {
  const redis = await startRedis(t);
  const { ledger } = await openReadyLedger(t, redis.url);
  for (const tokens of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    const charge = { tokens, nanoUsd: 0 };
    await assert.rejects(ledger.settle({ org, holdId: 'a', charge, estimated: false }), RangeError);
    await assert.rejects(
      ledger.settleDeferred({ org, upstreamId: 'a', charge, estimated: false }),
      RangeError,
    );
  }
});
