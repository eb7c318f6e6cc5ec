import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { lateNewsMs } from '../../../src/ledger/settlement.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  admission,
  alignTo,
  budget,
  concurrency,
  costs,
  dayMs,
  denied,
  every,
  granted,
  heldTokens,
  hourMs,
  minuteMs,
  org,
  usedTokens,
} from './ledger-under-test.ts';

const upstream = { id: 'resp_1', path: '/responses/resp_1' };
const exact = { charge: { tokens: 30, nanoUsd: 3 }, estimated: false };

export function deferralsContract(open: OpenLedger): void {
  test('deferred work is settled once, by whoever knows its id', async (t) => {
    const { ledger, another } = await open(t);
    const call = admission({ demand: costs(50), budgets: [budget()] });
    granted(await ledger.admit(call));
    assert.equal(await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: minuteMs }), true);
    const other = await another();
    assert.equal(await other.settleDeferred({ org, upstreamId: 'resp_2', ...exact }), undefined);
    assert.equal(await other.settleDeferred({ org: 'globex', upstreamId: 'resp_1', ...exact }), undefined);
    const settled = await other.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    assert.equal(settled?.kind, 'settled');
    assert.deepEqual([settled.charged, settled.note], [exact.charge, call.note]);
    const again = await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    assert.ok(again === undefined || again.kind === 'duplicate');
    assert.equal((await ledger.settle({ org, holdId: call.holdId, ...exact })).kind, 'duplicate');
    assert.deepEqual([await usedTokens(ledger), await heldTokens(ledger)], [30, 0]);
  });

  test('deferred work is handed out when it is due, with what to ask for, and again after each claim', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const call = admission({ budgets: [budget()], leaseMs: minuteMs });
    granted(await ledger.admit(call));
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: hourMs });
    const claim = { org, max: 10, claimMs: hourMs };
    await under.advance(hourMs - minuteMs);
    assert.deepEqual(await ledger.claimDue(claim), []);
    await under.advance(2 * minuteMs);
    const [due] = await ledger.claimDue(claim);
    assert.deepEqual([due?.holdId, due?.upstream], [call.holdId, upstream]);
    assert.deepEqual(await ledger.claimDue(claim), []);
    // Still at work upstream: it is deferred anew, for longer than the claim.
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: 2 * hourMs });
    await under.advance(hourMs + minuteMs);
    assert.deepEqual(await ledger.claimDue(claim), []);
    await under.advance(hourMs);
    assert.equal((await ledger.claimDue(claim)).length, 1);
    assert.equal((await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact }))?.kind, 'settled');
    await under.advance(dayMs);
    assert.deepEqual(await ledger.claimDue(claim), []);
  });

  test('work that was settled before it was deferred stays settled', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ budgets: [budget()] });
    granted(await ledger.admit(call));
    await ledger.settle({ org, holdId: call.holdId, ...exact });
    assert.equal(await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: 0 }), false);
    assert.equal(await ledger.defer({ org, holdId: randomUUID(), upstream, pollAfterMs: 0 }), false);
    const settled = await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    assert.ok(settled === undefined || settled.kind === 'duplicate');
    assert.deepEqual(await ledger.claimDue({ org, max: 10, claimMs: minuteMs }), []);
    assert.equal(await usedTokens(ledger), 30);
  });

  test('deferred work may also be settled by its hold, and its id then settles nothing', async (t) => {
    const { ledger } = await open(t);
    const call = admission({ budgets: [budget()] });
    granted(await ledger.admit(call));
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: minuteMs });
    assert.equal((await ledger.settle({ org, holdId: call.holdId, ...exact })).kind, 'settled');
    const later = await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    assert.ok(later === undefined || later.kind === 'duplicate');
    assert.equal(await usedTokens(ledger), 30);
  });

  test('news of a deferred hold may come after it was charged by estimate', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, 7 * dayMs);
    const call = admission({ demand: costs(50), budgets: [budget({ window: every(7 * dayMs) })] });
    granted(await ledger.admit(call));
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: minuteMs });
    await ledger.settle({ org, holdId: call.holdId, charge: 'hold', estimated: true });
    assert.equal(await usedTokens(ledger), 50);
    await under.advance(dayMs);
    const corrected = await ledger.settle({ org, holdId: call.holdId, ...exact });
    assert.equal(corrected.kind, 'corrected');
    assert.equal(await usedTokens(ledger), 30);
  });

  test('late news of a deferred hold may also come by its upstream id, once', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, 7 * dayMs);
    const call = admission({ demand: costs(50), budgets: [budget({ window: every(7 * dayMs) })] });
    granted(await ledger.admit(call));
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: minuteMs });
    await ledger.settle({ org, holdId: call.holdId, charge: 'hold', estimated: true });
    await under.advance(dayMs);
    const guess = { charge: { tokens: 1, nanoUsd: 0 }, estimated: true };
    const guessed = await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...guess });
    assert.equal(guessed?.kind, 'duplicate');
    const corrected = await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    assert.deepEqual(
      [corrected?.kind, corrected?.charged, corrected?.note],
      ['corrected', exact.charge, call.note],
    );
    assert.equal(await usedTokens(ledger), 30);
    const again = await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    assert.ok(again === undefined || again.kind === 'duplicate');
    assert.equal(await usedTokens(ledger), 30);
  });

  test('news of a deferred hold that comes after two days is lost', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    await alignTo(under, 7 * dayMs);
    const call = admission({ demand: costs(50), budgets: [budget({ window: every(7 * dayMs) })] });
    granted(await ledger.admit(call));
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: minuteMs });
    await ledger.settle({ org, holdId: call.holdId, charge: 'hold', estimated: true });
    await under.advance(lateNewsMs + minuteMs);
    const late = await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    assert.ok(late === undefined || late.kind === 'duplicate');
    assert.equal(await usedTokens(ledger), 50);
  });

  test('a renewal leaves deferred work alone', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const call = admission({ budgets: [budget()], concurrencies: [concurrency()] });
    granted(await ledger.admit(call));
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: hourMs });
    await ledger.renew({ org, leaseMs: dayMs, holdIds: [call.holdId] });
    await under.advance(hourMs + minuteMs);
    const due = await ledger.claimDue({ org, max: 10, claimMs: hourMs });
    assert.deepEqual(
      due.map(({ holdId }) => holdId),
      [call.holdId],
    );
    await ledger.renew({ org, leaseMs: 1, holdIds: [call.holdId] });
    assert.deepEqual(await ledger.claimDue({ org, max: 10, claimMs: hourMs }), []);
    denied(await ledger.admit(admission({ concurrencies: [concurrency()] })));
  });

  test('a duplicate of a deferred hold is known for two days', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const call = admission({ demand: costs(50), budgets: [budget()] });
    granted(await ledger.admit(call));
    await ledger.defer({ org, holdId: call.holdId, upstream, pollAfterMs: minuteMs });
    await ledger.settleDeferred({ org, upstreamId: 'resp_1', ...exact });
    await under.advance(dayMs);
    const duplicate = await ledger.settle({ org, holdId: call.holdId, ...exact });
    assert.deepEqual([duplicate.kind, duplicate.charged], ['duplicate', exact.charge]);
  });
}
