import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { watchContent } from '../../src/watching/watched-file.ts';
import { until } from '../harness/redis.ts';
import { temporaryFolder } from '../redaction/key-file.ts';

/** More than two looks. */
const looksMs = 2500;

function watch(t: TestContext, file: string) {
  const read: string[] = [];
  const problems: string[] = [];
  const watched = watchContent(
    { file, path: 'some.key' },
    (text) => read.push(text),
    ({ message }) => problems.push(message),
  );
  t.after(() => watched.close());
  return { read, problems };
}

test('what comes through a pipe is read once', async (t) => {
  const file = join(temporaryFolder(t), 'pipe');
  execFileSync('mkfifo', [file]);
  const writer = spawn('sh', ['-c', `printf whole > '${file}'`]);
  const { read, problems } = watch(t, file);
  // Whoever opens it again would take this.
  const second = spawn('sh', ['-c', `printf second > '${file}'`]);
  t.after(() => second.kill());
  await sleep(looksMs);
  assert.deepEqual([writer.exitCode, second.exitCode], [0, null]);
  assert.deepEqual([read, problems], [['whole'], []]);
});

test('a pipe in the place of a file is told once, and waited for by nobody', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, 'first');
  const { read, problems } = watch(t, file);
  rmSync(file);
  execFileSync('mkfifo', [file]);
  await until(async () => problems.some((problem) => problem.includes('no regular file')));
  await sleep(looksMs);
  const told = `some.key: ${file} can't be read (it is no regular file)`;
  assert.deepEqual(
    problems.filter((problem) => !problem.includes('ENOENT')),
    [told],
  );
  writeFileSync(`${file}.new`, 'second');
  renameSync(`${file}.new`, file);
  await until(async () => read.length > 1);
  assert.deepEqual(read, ['first', 'second']);
});

test('what is written in place is read when it is all there', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, 'first');
  const { read, problems } = watch(t, file);
  writeFileSync(file, 'sec');
  const writing = setInterval(() => utimesSync(file, new Date(), new Date()), 5);
  await sleep(looksMs);
  clearInterval(writing);
  assert.deepEqual(read, ['first']);
  writeFileSync(file, 'second');
  await until(async () => read.length > 1);
  assert.deepEqual([read, problems], [['first', 'second'], []]);
});

test('a file whose time is in the future is read all the same', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, 'first');
  const { read } = watch(t, file);
  writeFileSync(`${file}.new`, 'second');
  const tomorrow = new Date(Date.now() + 86_400_000);
  utimesSync(`${file}.new`, tomorrow, tomorrow);
  renameSync(`${file}.new`, file);
  await until(async () => read.length > 1);
});

test('a file that has grown beyond all measure is not read, and the last content stays', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, 'first');
  const { read, problems } = watch(t, file);
  writeFileSync(file, 'x'.repeat(1_048_577));
  await until(async () => problems.length > 0);
  assert.match(problems[0]!, /can't be read \(it is larger than 1 MiB\)/);
  writeFileSync(file, 'x'.repeat(1_048_576));
  await until(async () => read.length > 1);
  assert.deepEqual(
    read.map(({ length }) => length),
    [5, 1_048_576],
  );
});
