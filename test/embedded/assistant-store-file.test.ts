import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createEmbeddedAssistantStore } from '../../src/embedded/embedded-assistant-store.ts';
import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import { shareDirectory } from '../../src/embedded/own-directory.ts';
import {
  bodyOf,
  create,
  idsOf,
  minuteMs,
  org,
  thread,
} from '../assistants-store/contract/store-under-test.ts';
import { openEmbeddedStore, openStoreIn } from './open-embedded-store.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('nothing that was acknowledged is lost when the process is killed', async (t) => {
  const stateDir = temporaryDirectory(t);
  const acknowledged = await commitUntilKilled(t, stateDir, 300);
  const store = openStoreIn(stateDir);
  t.after(() => store.close());
  const written = Number(await bodyOf(store, 'counter'));
  assert.ok(acknowledged >= 300 && written >= acknowledged, `${written} of ${acknowledged}`);
  const ids = await idsOf(store, { limit: 1e6 });
  assert.deepEqual(
    ids,
    Array.from({ length: written }, (_, index) => `m${index + 1}`),
  );
  const due = await store.claim(org, minuteMs, 1e6);
  assert.ok(!due.includes('later'));
  for (let run = 1; run <= acknowledged; run += 1) assert.ok(due.includes(`run ${run}`), `run ${run}`);
});

test('what was leased is due at once after a restart, and what was scheduled when it was', async (t) => {
  const stateDir = temporaryDirectory(t);
  let nowMs = Date.UTC(2026, 10, 20, 12);
  const now = () => nowMs;
  const first = openStoreIn(stateDir, now);
  await first.schedule(org, 'leased', 0);
  await first.schedule(org, 'renewed', 20 * minuteMs);
  await first.schedule(org, 'for later', 10 * minuteMs);
  await first.schedule(org, 'given back', 0);
  assert.deepEqual(await first.claim(org, 30 * minuteMs, 10), ['given back', 'leased']);
  await first.renew(org, ['renewed'], 30 * minuteMs);
  await first.schedule(org, 'given back', 5 * minuteMs);
  await first.call(org, 'for later');
  await first.close();

  const second = openStoreIn(stateDir, now);
  t.after(() => second.close());
  assert.deepEqual((await second.claim(org, 60 * minuteMs, 10)).sort(), ['leased', 'renewed']);
  nowMs += 6 * minuteMs;
  assert.deepEqual(await second.claim(org, 60 * minuteMs, 10), ['given back']);
  nowMs += 5 * minuteMs;
  assert.deepEqual(await second.claim(org, 60 * minuteMs, 10), ['for later']);
  assert.deepEqual(await second.renew(org, ['for later'], minuteMs), ['for later']);
});

test('the ledger and the store of one sidecar share a directory, which is free when both are closed', async (t) => {
  const stateDir = temporaryDirectory(t);
  const own = shareDirectory(stateDir);
  const onError = (error: unknown) => assert.fail(String(error));
  const ledger = createEmbeddedLedger({ stateDir, own, now: Date.now, onError });
  const store = createEmbeddedAssistantStore({ stateDir, own, now: Date.now });
  assert.throws(() => openStoreIn(stateDir), /in use by another sidecar/);
  await store.close();
  await store.close();
  assert.throws(() => openStoreIn(stateDir), /in use by another sidecar/);
  await ledger.close();
  await openStoreIn(stateDir).close();
});

test('a directory that was given up can be owned again', async (t) => {
  const stateDir = temporaryDirectory(t);
  const own = shareDirectory(stateDir);
  for (const id of ['a', 'b']) {
    const store = createEmbeddedAssistantStore({ stateDir, own, now: Date.now });
    await create(store, [id]);
    await store.close();
  }
  const store = openStoreIn(stateDir);
  assert.deepEqual(await idsOf(store), ['a', 'b']);
  await store.close();
});

test('a file that is damaged or of another version is refused, and its directory is free again', async (t) => {
  const stateDir = temporaryDirectory(t);
  const path = join(stateDir, 'assistants.db');
  const refusal = /assistants\.db can't be read \(.*Restore it from a backup, or move it away/;
  writeFileSync(path, 'not a database, but long enough to be taken for one'.repeat(100));
  assert.throws(() => openStoreIn(stateDir), refusal);
  truncateSync(path, 0);
  const store = openStoreIn(stateDir);
  await create(
    store,
    Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(200)}`),
  );
  await store.close();
  const whole = readFileSync(path);
  truncateSync(path, whole.length / 2);
  assert.throws(() => openStoreIn(stateDir), refusal);
  writeFileSync(path, whole);
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  assert.throws(() => openStoreIn(stateDir), /unknown version 99/);
});

test('a commit that fails is taken back whole, and the store goes on', async (t) => {
  const stateDir = temporaryDirectory(t);
  const store = openStoreIn(stateDir);
  t.after(() => store.close());
  await create(store, ['a']);
  const other = new DatabaseSync(join(stateDir, 'assistants.db'));
  t.after(() => other.close());
  other.exec(
    "CREATE TRIGGER full BEFORE INSERT ON documents WHEN new.id = 'c' BEGIN SELECT RAISE(FAIL, 'disk is full'); END",
  );
  const puts = ['a', 'b', 'c'].map((id) => ({ id, body: 'new', lists: ['messages'] }));
  const failure = { name: 'StoreUnavailable', message: /disk is full/, mayHaveHappened: false };
  await assert.rejects(store.commit(thread, { puts }), failure);
  assert.deepEqual(await idsOf(store), ['a']);
  assert.equal(await bodyOf(store, 'a'), 'a');
  other.exec('DROP TRIGGER full');
  await store.commit(thread, { puts });
  assert.deepEqual(await idsOf(store), ['a', 'b', 'c']);
});

/** Resolves to the last commit that was acknowledged, this one or a later. */
async function commitUntilKilled(t: TestContext, stateDir: string, atLeast: number): Promise<number> {
  const script = fileURLToPath(import.meta.resolve('./commit-for-ever.ts'));
  const child = spawn(process.execPath, [script, stateDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, 'close');
  let acknowledged = 0;
  lines.on('line', (line) => {
    acknowledged = Number(line);
    if (acknowledged === atLeast) child.kill('SIGKILL');
  });
  await Promise.all([exited, ended]);
  return acknowledged;
}

test('a long thread is dropped piece by piece, so that others are served meanwhile', async (t) => {
  const { store } = await openEmbeddedStore(t);
  const puts = Array.from({ length: 5000 }, (_, index) => ({
    id: `msg_${index}`,
    body: 'a',
    lists: ['messages'],
  }));
  await store.commit(thread, { puts: [{ id: thread.name, body: 'head' }, ...puts] });
  let isDropped = false;
  const dropping = store.drop(thread).then((wasThere) => (isDropped = wasThere));
  await setImmediate();
  assert.equal(isDropped, false);
  // Whoever is cut short here finds the thread still, and can drop it again.
  assert.equal(await bodyOf(store, thread.name), 'head');
  await dropping;
  assert.equal(isDropped, true);
  assert.deepEqual(await idsOf(store), []);
  assert.equal(await store.drop(thread), false);
});
