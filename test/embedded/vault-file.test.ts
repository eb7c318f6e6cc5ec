import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';

import { begin, email, read, ring, scopeOf, terms, vaultOn } from '../redaction/contract/vault-under-test.ts';
import { openVaultStoreIn } from './open-embedded-vault.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const thread = scopeOf('thread', 'thread_1');

test('after a restart originals have their numbers', async (t) => {
  const stateDir = temporaryDirectory(t);
  const before = vaultOn(openVaultStoreIn(stateDir), ring('k1'));
  await begin(before, thread);
  await before.name(thread, [email('a'), email('b')]);
  await before.join(thread, scopeOf('response', 'resp_1'));
  await before.close();
  const after = vaultOn(openVaultStoreIn(stateDir), ring('k1'));
  t.after(() => after.close());
  assert.deepEqual(await after.name(thread, [email('b'), email('c')]), ['<EMAIL_2>', '<EMAIL_3>']);
  assert.equal((await read(after, thread)).length, 3);
});

test('what has expired is removed from the file, in the course of calls that come later', async (t) => {
  const stateDir = temporaryDirectory(t);
  let nowMs = Date.UTC(2026, 10, 20, 12);
  const vault = vaultOn(
    openVaultStoreIn(stateDir, () => nowMs),
    ring('k1'),
  );
  t.after(() => vault.close());
  for (let index = 0; index < 50; index += 1) {
    const old = scopeOf('response', `old ${index}`);
    await begin(vault, old);
    await vault.name(old, [email('a'), email('b')]);
    await vault.join(old, scopeOf('response', `old too ${index}`));
  }
  nowMs += terms.keepMs + 1;
  for (let index = 0; index < 10; index += 1) await vault.name(scopeOf('thread', `${index}`), [email('a')]);
  const file = new DatabaseSync(join(stateDir, 'redaction.db'), { readOnly: true });
  t.after(() => file.close());
  const rowsOf = (table: string) => file.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'];
  assert.deepEqual(['tables', 'first_tables', 'scopes', 'originals'].map(rowsOf), [10, 0, 10, 10]);
});

test('a file that can not be read says what to do', (t) => {
  const stateDir = mkdtempSync(join(temporaryDirectory(t), 'state-'));
  writeFileSync(
    join(stateDir, 'redaction.db'),
    'this is no database, and long enough to look at. '.repeat(100),
  );
  assert.throws(
    () => openVaultStoreIn(stateDir),
    /redaction\.db can't be read .*move it away and start without/,
  );
});
