import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RateLine } from '../../../src/ledger/admission.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  admission,
  assertNearMs,
  costs,
  dayMs,
  denied,
  granted,
  hourMs,
  minuteMs,
  org,
  rate,
} from './ledger-under-test.ts';

/** Ten tokens in a minute and a hundred at once: slow enough for real time not to matter. */
const slow = rate({ limit: 'tokens', unit: 'tokens', perSecond: 10 / 60, burst: 100 });

export function ratesContract(open: OpenLedger): void {
  test('a burst is granted at once, and the next call told when to come', async (t) => {
    const under = await open(t);
    const line = rate({ perSecond: 0.01, burst: 3 });
    for (let call = 0; call < 3; call += 1) assert.equal(await delayOf(under.ledger, line), 0);
    const waitMs = await retryAfterOf(under.ledger, line);
    assertNearMs(waitMs, 100_000);
    await under.advance(waitMs);
    assert.equal(await delayOf(under.ledger, line), 0);
    assertNearMs(await retryAfterOf(under.ledger, line), 100_000);
  });

  test('an idle bucket holds one burst, and no more', async (t) => {
    const under = await open(t);
    const line = rate({ perSecond: 0.01, burst: 3 });
    await delayOf(under.ledger, line);
    await under.advance(30 * dayMs);
    for (let call = 0; call < 3; call += 1) await delayOf(under.ledger, line);
    await retryAfterOf(under.ledger, line);
  });

  test('a call that conforms soon is admitted at once and told to wait, in order', async (t) => {
    const { ledger } = await open(t);
    const line = rate({ perSecond: 0.01, burst: 1, waitUpToMs: 250_000 });
    assert.equal(await delayOf(ledger, line), 0);
    assertNearMs(await delayOf(ledger, line), 100_000);
    assertNearMs(await delayOf(ledger, line), 200_000);
    assertNearMs(await retryAfterOf(ledger, line), 300_000);
  });

  test('the time that a call has waited already is taken off what it may wait', async (t) => {
    const { ledger } = await open(t);
    const line = rate({ perSecond: 0.01, burst: 1, waitUpToMs: 150_000 });
    await delayOf(ledger, line);
    denied(await ledger.admit(admission({ rates: [line], waitedMs: 100_000 })));
    granted(await ledger.admit(admission({ rates: [line], waitedMs: 10_000 })));
  });

  test('the longest wait of several rates counts, and a denial takes nothing from any', async (t) => {
    const { ledger } = await open(t);
    const patient = rate({ limit: 'a', perSecond: 0.01, burst: 1, waitUpToMs: dayMs });
    const strict = rate({ limit: 'b', perSecond: 0.001, burst: 2 });
    const both = [patient, strict];
    granted(await ledger.admit(admission({ rates: both })));
    assertNearMs(granted(await ledger.admit(admission({ rates: both }))).delayMs, 100_000);
    const denial = denied(await ledger.admit(admission({ rates: both })));
    assert.equal(denial.by.list === 'rates' && denial.by.index, 1);
    assertNearMs(await delayOf(ledger, patient), 200_000);
  });

  test('tokens are counted as held, and put right when the hold is settled', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: costs(90), rates: [slow] });
    granted(await ledger.admit(call));
    const next = admission({ demand: costs(20), rates: [slow] });
    assertNearMs(retryAfter(denied(await ledger.admit(next))), minuteMs);
    const charge = { tokens: 75, nanoUsd: 0 };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    granted(await ledger.admit(admission({ demand: costs(25), rates: [slow] })));
    denied(await ledger.admit(admission({ demand: costs(5), rates: [slow] })));
  });

  test('tokens beyond the hold are added to the rate', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ demand: costs(10), rates: [slow] });
    granted(await ledger.admit(call));
    const charge = { tokens: 110, nanoUsd: 0 };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    assertNearMs(retryAfter(denied(await ledger.admit(admission({ rates: [slow] })))), 2 * minuteMs);
  });

  test('a refund never fills a bucket beyond its burst', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const call = admission({ demand: costs(100), rates: [slow], leaseMs: dayMs });
    granted(await ledger.admit(call));
    await under.advance(5 * minuteMs);
    const charge = { tokens: 0, nanoUsd: 0 };
    await ledger.settle({ org, holdId: call.holdId, charge, estimated: false });
    granted(await ledger.admit(admission({ demand: costs(100), rates: [slow] })));
    denied(await ledger.admit(admission({ demand: costs(10), rates: [slow] })));
  });

  test('a call that costs more than the burst conforms when the bucket is empty', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    granted(await ledger.admit(admission({ demand: costs(50), rates: [slow] })));
    const big = admission({ demand: costs(200), rates: [slow] });
    const waitMs = retryAfter(denied(await ledger.admit(big)));
    assertNearMs(waitMs, 5 * minuteMs);
    await under.advance(waitMs);
    granted(await ledger.admit(big));
    assertNearMs(retryAfter(denied(await ledger.admit(admission({ rates: [slow] })))), 11 * minuteMs);
  });

  test('a rate in requests counts calls, whatever they cost and are charged', async (t) => {
    const { ledger } = await open(t);
    const line = rate({ burst: 2 });
    for (let call = 0; call < 2; call += 1) {
      const costly = admission({ demand: costs(1000), rates: [line] });
      granted(await ledger.admit(costly));
      await ledger.settle({ org, holdId: costly.holdId, charge: 'hold', estimated: false });
    }
    await retryAfterOf(ledger, line);
  });

  test('a clock that steps back drains nothing, and blocks nothing for longer than its own time', async (t) => {
    const under = await open(t);
    const line = rate({ perSecond: 0.01, burst: 1 });
    await delayOf(under.ledger, line);
    await under.advance(-hourMs);
    const waitMs = await retryAfterOf(under.ledger, line);
    assertNearMs(waitMs, 100_000);
    await under.advance(waitMs + 1000);
    assert.equal(await delayOf(under.ledger, line), 0);
  });

  test('rates of other names and scopes are apart', async (t) => {
    const { ledger } = await open(t);
    const line = rate({ burst: 1 });
    await delayOf(ledger, line);
    await delayOf(ledger, { ...line, scope: 'user=u1' });
    await delayOf(ledger, { ...line, limit: 'other' });
    granted(await ledger.admit(admission({ org: 'globex', rates: [line] })));
    await retryAfterOf(ledger, line);
  });
}

async function delayOf(ledger: Ledger, line: RateLine): Promise<number> {
  return granted(await ledger.admit(admission({ rates: [line] }))).delayMs;
}

async function retryAfterOf(ledger: Ledger, line: RateLine): Promise<number> {
  return retryAfter(denied(await ledger.admit(admission({ rates: [line] }))));
}

function retryAfter({ by }: ReturnType<typeof denied>): number {
  assert.ok(by.list === 'rates', by.list);
  assert.ok(Number.isSafeInteger(by.retryAfterMs));
  return by.retryAfterMs;
}
