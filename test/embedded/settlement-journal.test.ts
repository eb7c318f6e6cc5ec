import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { openSettlementJournal } from '../../src/embedded/settlement-journal.ts';
import { readKept, writeKept } from '../../src/ledger/settlement-journal.ts';
import type { Settlement } from '../../src/ledger/settlement.ts';
import { createWindow } from '../../src/ledger/windows.ts';

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('what is kept outlives the journal that was open, until it is forgotten', (t) => {
  const stateDir = directory(t);
  const first = openSettlementJournal(stateDir, assert.fail);
  first.keep('hold-1', 'one');
  first.keep('hold-2', 'two');
  first.keep('hold-2', 'two again');
  first.forget('hold-1');
  first.close();
  const second = openSettlementJournal(stateDir, assert.fail);
  t.after(() => second.close());
  assert.deepEqual(second.kept(), ['two again']);
});

test('a directory has one owner', (t) => {
  const stateDir = directory(t);
  const journal = openSettlementJournal(stateDir, assert.fail);
  assert.throws(() => openSettlementJournal(stateDir, assert.fail), /in use by another sidecar/);
  journal.close();
  openSettlementJournal(stateDir, assert.fail).close();
});

test('a settlement is read as it was written, and pays the windows that its call began in', () => {
  const admittedAtMs = Date.UTC(2026, 2, 29, 0, 30);
  const line = {
    budget: 'day',
    scope: 'team=search',
    limit: { tokens: 100, nanoUsd: undefined },
    enforced: true,
    clamps: true,
    overshootRatio: undefined,
  };
  const calendar = createWindow({ every: 'day', timezone: 'Europe/Berlin' });
  const rolling = createWindow({ rolling: '7d' });
  const settlement: Settlement = {
    org: 'acme',
    holdId: 'hold-1',
    charge: { tokens: 10, nanoUsd: 20 },
    estimated: false,
    unrecorded: {
      budgets: [
        { ...line, window: calendar },
        { ...line, window: rolling },
      ],
      rates: [],
      held: { tokens: 50, nanoUsd: 60 },
      admittedAtMs,
    },
  };
  const { settlement: read, attemptedAtMs } = readKept(writeKept({ settlement, attemptedAtMs: 7 }));
  assert.equal(attemptedAtMs, 7);
  const [first, second] = read.unrecorded!.budgets;
  assert.deepEqual(second!.window, rolling);
  assert.ok(first!.window.kind === 'calendar' && calendar.kind === 'calendar');
  assert.deepEqual(first!.window.around(0), calendar.around(admittedAtMs));
  assert.equal(first!.window.code, calendar.code);
  assert.deepEqual({ ...read, unrecorded: undefined }, { ...settlement, unrecorded: undefined });
  const whole: Settlement = { org: 'acme', holdId: 'hold-2', charge: 'hold', estimated: true };
  assert.deepEqual(readKept(writeKept({ settlement: whole, attemptedAtMs: undefined })), {
    settlement: whole,
    attemptedAtMs: undefined,
  });
});
