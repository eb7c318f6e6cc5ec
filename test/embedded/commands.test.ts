import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { readWindows, requestReset } from '../../src/embedded/commands.ts';
import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import {
  admission,
  budget,
  costs,
  granted,
  org,
  spend,
  usedTokens,
} from '../ledger/contract/ledger-under-test.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const commands = join(import.meta.dirname, '../../src/embedded/commands.ts');

test('a reset that another process asks for is carried out within a second, once', async (t) => {
  const stateDir = temporaryDirectory(t);
  const ledger = open(stateDir);
  t.after(() => ledger.close());
  for (const scope of ['', 'team=a']) await spend(ledger, 60, { budgets: [budget({ scope })] });
  const script = `import { requestReset } from ${JSON.stringify(commands)};
    requestReset(${JSON.stringify(stateDir)}, 'acme', 'day', 'team=a');`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script]);
  await sleep(1000);
  assert.equal(await usedTokens(ledger, 'day', 'team=a'), 0);
  assert.equal(await usedTokens(ledger, 'day', ''), 60);
  await spend(ledger, 10, { budgets: [budget({ scope: 'team=a' })] });
  await sleep(600);
  assert.equal(await usedTokens(ledger, 'day', 'team=a'), 10);
  requestReset(stateDir, org, 'day');
  await sleep(1000);
  assert.equal(await usedTokens(ledger, 'day', ''), 0);
});

test('a reset that was asked for while no sidecar ran is carried out at the next start', async (t) => {
  const stateDir = temporaryDirectory(t);
  const first = open(stateDir);
  await spend(first, 60);
  await first.close();
  requestReset(stateDir, org, 'day');
  const second = open(stateDir);
  assert.equal(await usedTokens(second), 0);
  await spend(second, 5);
  await second.close();
  const third = open(stateDir);
  assert.equal(await usedTokens(third), 5);
  await third.close();
});

test('a reset is carried out once, though that can not be written down', async (t) => {
  const stateDir = temporaryDirectory(t);
  const errors: unknown[] = [];
  const ledger = createEmbeddedLedger({ stateDir, now: Date.now, onError: (error) => errors.push(error) });
  t.after(() => ledger.close());
  await spend(ledger, 60);
  requestReset(stateDir, org, 'day');
  const other = new DatabaseSync(join(stateDir, 'ledger.db'));
  other.exec('BEGIN IMMEDIATE');
  while (errors.length === 0) await sleep(10);
  assert.equal(await usedTokens(ledger), 0);
  await spend(ledger, 5);
  await sleep(600);
  assert.equal(await usedTokens(ledger), 5);
  other.close();
});

test('windows can be read beside a running sidecar', async (t) => {
  const stateDir = temporaryDirectory(t);
  const ledger = open(stateDir);
  t.after(() => ledger.close());
  await spend(ledger, 60);
  granted(await ledger.admit(admission({ demand: costs(30), budgets: [budget()] })));
  await sleep(600);
  assert.deepEqual(readWindows(stateDir, org, Date.now()), await ledger.windows(org));
  assert.deepEqual(readWindows(stateDir, 'nobody', Date.now()), []);
});

test('a command on a directory without a ledger says so, and makes none', (t) => {
  const stateDir = temporaryDirectory(t);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assert.throws(() => requestReset(stateDir, org, 'day'), /There is no ledger at .*store\.stateDir/);
    assert.throws(() => readWindows(stateDir, org, 0), /There is no ledger at/);
  }
});

function open(stateDir: string) {
  return createEmbeddedLedger({ stateDir, now: Date.now, onError: (error) => assert.fail(String(error)) });
}
