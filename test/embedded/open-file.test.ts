import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { budget, dayMs, spend, usedTokens } from '../ledger/contract/ledger-under-test.ts';
import { spawnSpender } from './spawn-spender.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('a directory has one owner, which may be killed but not joined', async (t) => {
  const stateDir = temporaryDirectory(t);
  const spender = await spawnSpender(t, stateDir);
  assert.throws(() => open(stateDir), /in use by another sidecar.*store\.stateDir.*store\.redisUrl/);
  await spender.kill();
  const ledger = open(stateDir);
  assert.throws(() => open(stateDir), /in use by another sidecar/, 'nor within one process');
  await ledger.close();
  await open(stateDir).close();
});

test('a file that is not a ledger is refused and left as it is', (t) => {
  const stateDir = temporaryDirectory(t);
  const path = join(stateDir, 'ledger.db');
  writeFileSync(path, 'not a database, but long enough to be taken for one'.repeat(100));
  const before = readFileSync(path);
  assert.throws(
    () => open(stateDir),
    /ledger\.db can't be read \(.*Restore it from a backup, or move it away/,
  );
  assert.deepEqual(readFileSync(path), before);
});

test('a damaged file is refused, and its directory is free again', async (t) => {
  const stateDir = temporaryDirectory(t);
  const path = join(stateDir, 'ledger.db');
  const ledger = open(stateDir);
  for (let day = 0; day < 300; day += 1) {
    await spend(ledger, 1, { budgets: [budget({ scope: `user=${day} ${'x'.repeat(200)}` })] });
  }
  await ledger.close();
  truncateSync(path, readFileSync(path).length / 2);
  assert.throws(() => open(stateDir), /can't be read/);
  truncateSync(path, 0);
  await open(stateDir).close();
});

test('a row that is no record is refused', async (t) => {
  const stateDir = temporaryDirectory(t);
  await open(stateDir).close();
  const database = new DatabaseSync(join(stateDir, 'ledger.db'));
  database.exec(`INSERT INTO records VALUES ('holds', 'x', '{"half":')`);
  database.close();
  assert.throws(() => open(stateDir), /can't be read/);
  assert.throws(() => open(stateDir), /can't be read/, 'and its directory is not locked by the first try');
});

test('a file of another version is refused', async (t) => {
  const stateDir = temporaryDirectory(t);
  await open(stateDir).close();
  const database = new DatabaseSync(join(stateDir, 'ledger.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  assert.throws(() => open(stateDir), /unknown version 99/);
});

test('a directory that can not be made or written to is named, with what to do', (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'file'), '');
  for (const stateDir of [join(directory, 'file', 'state'), '/proc/self']) {
    assert.throws(() => open(stateDir), /can't be written to .*store\.stateDir/);
  }
});

test('a directory that is not there is made', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'a'));
  await open(join(directory, 'a', 'b', 'c')).close();
});

test('a write that fails is told once, and made up for later', async (t) => {
  const stateDir = temporaryDirectory(t);
  const errors: unknown[] = [];
  const ledger = open(stateDir, (error) => errors.push(error));
  // Another process that writes and doesn't come to an end.
  const other = new DatabaseSync(join(stateDir, 'ledger.db'));
  other.exec('BEGIN IMMEDIATE');
  await spend(ledger, 60);
  while (errors.length === 0) await sleep(10);
  await spend(ledger, 40);
  await sleep(500);
  assert.equal(errors.length, 1);
  other.exec('ROLLBACK');
  other.close();
  await ledger.close();
  const next = open(stateDir);
  assert.equal(await usedTokens(next), 100);
  await next.close();
});

test('neither memory nor the file grows with the months', async (t) => {
  const stateDir = temporaryDirectory(t);
  let nowMs = Date.UTC(2026, 0, 1);
  const ledger = createEmbeddedLedger({ stateDir, now: () => nowMs, onError: fail, writeEveryMs: 1 });
  const path = join(stateDir, 'ledger.db');
  for (let day = 0; day < 180; day += 1) {
    for (let call = 0; call < 5; call += 1)
      await spend(ledger, 1, { budgets: [budget({ scope: `user=${day}` })] });
    nowMs += dayMs;
    await sleep(3);
  }
  await ledger.close();
  // Of 900 calls in 180 windows.
  assert.ok(countRows(path) <= 20, `${countRows(path)} rows are left`);
  assert.ok(readFileSync(path).length < 100_000);
});

function countRows(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare('SELECT count(*) AS count FROM records').get();
  database.close();
  return Number(row?.['count']);
}

function open(stateDir: string, onError: (error: unknown) => void = fail): Ledger {
  return createEmbeddedLedger({ stateDir, now: Date.now, onError });
}

function fail(error: unknown): never {
  assert.fail(String(error));
}
