import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { appendToFile } from '../../src/telemetry/append-file.ts';
import { until } from '../harness/redis.ts';

function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'audit.log');
  writeFileSync(file, 'before\n');
  let dropped = 0;
  const problems: Error[] = [];
  const appender = appendToFile(file, {
    onDropped: () => (dropped += 1),
    onProblem: (error) => problems.push(error),
  });
  return { folder, file, appender, problems, dropped: () => dropped };
}

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean);

test('lines are appended in order, and only their owner and his group may read a new file', async (t) => {
  const { folder, file, appender } = open(t);
  for (const line of ['a', 'b', 'c']) appender.write(`${line}\n`);
  await appender.close();
  assert.deepEqual(linesOf(file), ['before', 'a', 'b', 'c']);
  const created = join(folder, 'created.log');
  const other = appendToFile(created, { onDropped: assert.fail, onProblem: assert.fail });
  await other.close();
  assert.equal(statSync(created).mode & 0o007, 0);
});

test('a file that was renamed or deleted is there again for the next line', async (t) => {
  const { file, appender } = open(t);
  appender.write('a\n');
  await until(async () => linesOf(file).length === 2);
  renameSync(file, `${file}.1`);
  appender.write('b\n');
  await until(async () => existing(file).length === 1);
  rmSync(file);
  appender.write('c\n');
  await until(async () => existing(file).length === 1);
  await appender.close();
  assert.deepEqual([linesOf(`${file}.1`), linesOf(file)], [['before', 'a'], ['c']]);
});

test('while the disk is full lines are held, which is told once, and written when there is room', async (t) => {
  const { file, appender, problems, dropped } = open(t);
  rmSync(file);
  symlinkSync('/dev/full', file);
  appender.write('a\n');
  await until(async () => problems.length === 1);
  appender.write('b\n');
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.match(problems[0]!.message, /ENOSPC/);
  rmSync(file);
  await until(async () => existing(file).length === 2);
  await appender.close();
  assert.deepEqual([linesOf(file), problems.length, dropped()], [['a', 'b'], 1, 0]);
});

test('of what can not be written no more is held than 16 MB, and each line beyond that is told', async (t) => {
  const { file, appender, dropped } = open(t);
  rmSync(file);
  symlinkSync('/dev/full', file);
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  for (let sent = 0; sent < 20; sent += 1) appender.write(line);
  assert.equal(dropped(), 4);
  await appender.close();
  assert.equal(dropped(), 20);
  appender.write('too late\n');
  assert.equal(dropped(), 21);
});

test('what can never be appended to is refused at the start, and says what to do', (t) => {
  const { folder, file } = open(t);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const refused = {
    [folder]: /EISDIR/,
    [join(file, 'x')]: /ENOTDIR/,
    [pipe]: /ENXIO/,
    '/dev/full': /no plain/,
  };
  for (const [path, reason] of Object.entries(refused)) {
    const opening = () => appendToFile(path, { onDropped() {}, onProblem() {} });
    assert.throws(opening, reason);
    assert.throws(opening, /can't be appended to .*Mount a volume there/);
  }
});

test('what others append in between stays', async (t) => {
  const { file, appender } = open(t);
  appender.write('a\n');
  await until(async () => linesOf(file).length === 2);
  appendFileSync(file, 'of a command\n');
  appender.write('b\n');
  await appender.close();
  assert.deepEqual(linesOf(file), ['before', 'a', 'of a command', 'b']);
});

function existing(file: string): string[] {
  try {
    return linesOf(file);
  } catch {
    return [];
  }
}
