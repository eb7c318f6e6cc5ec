import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';

import { callBy, terms } from '../idempotency/contract/answer-store-under-test.ts';
import { openAnswersIn } from './open-embedded-answers.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const answer = Buffer.from('an answer');

test('after a restart answers are there, and what was running is abandoned at once', async (t) => {
  const stateDir = temporaryDirectory(t);
  const first = openAnswersIn(stateDir);
  await first.begin(callBy('one', 'answered'), 'a');
  await first.keep(callBy('one', 'answered'), 'a', answer);
  await first.begin(callBy('one', 'running'), 'a');
  await first.close();
  const second = openAnswersIn(stateDir);
  t.after(() => second.close());
  const answered = await second.begin(callBy('two', 'answered'), 'a');
  assert.deepEqual(answered, { kind: 'answered', body: 'a', answer });
  assert.deepEqual(await second.begin(callBy('two', 'running'), 'a'), { kind: 'abandoned', body: 'a' });
});

test('what has expired is removed from the file, in the course of calls that come later', async (t) => {
  const stateDir = temporaryDirectory(t);
  let nowMs = Date.UTC(2026, 10, 20, 12);
  const store = openAnswersIn(stateDir, () => nowMs);
  t.after(() => store.close());
  for (let index = 0; index < 100; index += 1) {
    await store.begin(callBy('one', `old ${index}`), 'a');
    await store.keep(callBy('one', `old ${index}`), 'a', answer);
  }
  nowMs += terms.keepMs + 1;
  for (let index = 0; index < 10; index += 1) await store.begin(callBy('one', `new ${index}`), 'a');
  const file = new DatabaseSync(join(stateDir, 'answers.db'), { readOnly: true });
  t.after(() => file.close());
  assert.deepEqual({ ...file.prepare('SELECT count(*) AS rows FROM calls').get() }, { rows: 10 });
});

test('a file that can not be read says what to do', (t) => {
  const stateDir = mkdtempSync(join(temporaryDirectory(t), 'state-'));
  writeFileSync(
    join(stateDir, 'answers.db'),
    'this is no database, and long enough to look at. '.repeat(100),
  );
  assert.throws(() => openAnswersIn(stateDir), /answers\.db can't be read .*move it away and start without/);
});
