import assert from 'node:assert/strict';
import { test } from 'node:test';

import { maxQueued, queuePlaceMs } from '../../../src/ledger/admission.ts';
import type { OpenLedger } from './ledger-under-test.ts';
import {
  admission,
  budget,
  concurrency,
  denied,
  driftMs,
  granted,
  heldTokens,
  hourMs,
  minuteMs,
  org,
  queued,
} from './ledger-under-test.ts';

const nothingCharged = { charge: { tokens: 0, nanoUsd: 0 }, estimated: false };

export function concurrencyContract(open: OpenLedger): void {
  test('so many calls run at once, and a settled one makes place', async (t) => {
    const { ledger } = await open(t);
    const parts = { concurrencies: [concurrency({ max: 2 })] };
    const first = admission(parts);
    granted(await ledger.admit(first));
    granted(await ledger.admit(admission(parts)));
    const denial = denied(await ledger.admit(admission(parts)));
    assert.deepEqual(denial.by, { list: 'concurrencies', index: 0, isQueueFull: false });
    await ledger.settle({ org, holdId: first.holdId, ...nothingCharged });
    granted(await ledger.admit(admission(parts)));
    denied(await ledger.admit(admission(parts)));
  });

  test('a place lapses with its lease, and is kept by renewing it', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const parts = { concurrencies: [concurrency()], leaseMs: hourMs };
    const call = admission(parts);
    granted(await ledger.admit(call));
    await under.advance(hourMs - minuteMs);
    await ledger.renew({ org, leaseMs: hourMs, holdIds: ['unknown', call.holdId] });
    await under.advance(hourMs - minuteMs);
    denied(await ledger.admit(admission(parts)));
    await under.advance(2 * minuteMs);
    granted(await ledger.admit(admission(parts)));
  });

  test('places of other limits, scopes and organisations are apart', async (t) => {
    const { ledger } = await open(t);
    const line = concurrency();
    granted(await ledger.admit(admission({ concurrencies: [line] })));
    granted(await ledger.admit(admission({ concurrencies: [{ ...line, scope: 'user=u1' }] })));
    granted(await ledger.admit(admission({ concurrencies: [{ ...line, limit: 'other' }] })));
    granted(await ledger.admit(admission({ org: 'globex', concurrencies: [line] })));
    denied(await ledger.admit(admission({ concurrencies: [line] })));
  });

  test('calls wait in a queue and are served in the order in which they came', async (t) => {
    const { ledger } = await open(t);
    const parts = { concurrencies: [concurrency({ waitUpToMs: hourMs })], budgets: [budget()] };
    const running = admission(parts);
    granted(await ledger.admit(running));
    const waiting = [admission(parts), admission(parts), admission(parts)] as const;
    for (const [ahead, call] of waiting.entries()) {
      assert.equal(queued(await ledger.admit(call)).ahead, ahead);
    }
    assert.equal(await heldTokens(ledger), 10, 'a call that waits holds nothing');
    await ledger.settle({ org, holdId: running.holdId, ...nothingCharged });
    const [first, second, third] = waiting;
    assert.equal(queued(await ledger.admit({ ...second, waitedMs: 100 })).ahead, 1);
    queued(await ledger.admit(admission(parts)));
    granted(await ledger.admit({ ...first, waitedMs: 100 }));
    assert.equal(queued(await ledger.admit({ ...second, waitedMs: 200 })).ahead, 0);
    assert.equal(queued(await ledger.admit({ ...third, waitedMs: 200 })).ahead, 1);
  });

  test('with several places free, as many may pass as there are places', async (t) => {
    const { ledger } = await open(t);
    const parts = { concurrencies: [concurrency({ max: 2, waitUpToMs: hourMs })] };
    const running = [admission(parts), admission(parts)];
    for (const call of running) granted(await ledger.admit(call));
    const waiting = [admission(parts), admission(parts), admission(parts)] as const;
    for (const call of waiting) queued(await ledger.admit(call));
    for (const { holdId } of running) await ledger.settle({ org, holdId, ...nothingCharged });
    const [first, second, third] = waiting;
    queued(await ledger.admit(third));
    granted(await ledger.admit(second));
    granted(await ledger.admit(first));
    assert.equal(queued(await ledger.admit(third)).ahead, 0);
  });

  test('a newcomer does not pass those who wait', async (t) => {
    const { ledger } = await open(t);
    const patient = { concurrencies: [concurrency({ waitUpToMs: hourMs })] };
    const hasty = { concurrencies: [concurrency()] };
    const running = admission(patient);
    granted(await ledger.admit(running));
    queued(await ledger.admit(admission(patient)));
    await ledger.settle({ org, holdId: running.holdId, ...nothingCharged });
    denied(await ledger.admit(admission(hasty)));
  });

  test('who leaves a queue, or no longer asks, loses the place', async (t) => {
    const under = await open(t);
    const { ledger } = under;
    const parts = { concurrencies: [concurrency({ waitUpToMs: hourMs })], leaseMs: hourMs };
    granted(await ledger.admit(admission(parts)));
    const [leaver, sleeper, faithful] = [admission(parts), admission(parts), admission(parts)] as const;
    for (const call of [leaver, sleeper, faithful]) queued(await ledger.admit(call));
    await ledger.leaveQueue(leaver);
    await ledger.leaveQueue(leaver);
    assert.equal(queued(await ledger.admit(faithful)).ahead, 1);
    // Asked again within its time, though the other is not.
    await under.advance(queuePlaceMs - 1000);
    queued(await ledger.admit(faithful));
    await under.advance(queuePlaceMs - 1000);
    assert.equal(queued(await ledger.admit(faithful)).ahead, 0);
    assert.equal(queued(await ledger.admit(sleeper)).ahead, 1, 'and queues up behind');
  });

  test('who has waited too long is denied, and gives up the place', async (t) => {
    const { ledger } = await open(t);
    const parts = { concurrencies: [concurrency({ waitUpToMs: minuteMs })] };
    granted(await ledger.admit(admission(parts)));
    const [first, second] = [admission(parts), admission(parts)];
    for (const call of [first, second]) queued(await ledger.admit(call));
    const denial = denied(await ledger.admit({ ...first, waitedMs: minuteMs }));
    assert.deepEqual(denial.by, { list: 'concurrencies', index: 0, isQueueFull: false });
    assert.equal(queued(await ledger.admit(second)).ahead, 0);
  });

  test('a queue takes no more than its bound, and says so', async (t) => {
    const { ledger } = await open(t);
    const parts = { concurrencies: [concurrency({ waitUpToMs: hourMs })] };
    granted(await ledger.admit(admission(parts)));
    const calls = Array.from({ length: maxQueued }, () => admission(parts));
    const startedAtMs = ledger.nowMs();
    const decisions = await Promise.all(calls.map((call) => ledger.admit(call)));
    assert.ok(decisions.every((decision) => decision.kind === 'queued'));
    const denial = denied(await ledger.admit(admission(parts)));
    assert.deepEqual(denial.by, { list: 'concurrencies', index: 0, isQueueFull: true });
    assert.ok(ledger.nowMs() - startedAtMs < driftMs);
  });

  test('a place in every limit is needed, and one alone is not taken', async (t) => {
    const { ledger } = await open(t);
    const [narrow, wide] = [concurrency({ limit: 'narrow' }), concurrency({ limit: 'wide', max: 2 })];
    granted(await ledger.admit(admission({ concurrencies: [narrow] })));
    const denial = denied(await ledger.admit(admission({ concurrencies: [wide, narrow] })));
    assert.deepEqual(denial.by, { list: 'concurrencies', index: 1, isQueueFull: false });
    granted(await ledger.admit(admission({ concurrencies: [wide] })));
    granted(await ledger.admit(admission({ concurrencies: [wide] })));
  });
}
