import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { problemsOf } from './problems-of.ts';

const env = { OPENAI_API_KEY: 'sk-1' };

for (const [what, text, message] of [
  ['an unclosed list', 'listen: {}\nadmin: [1', /^line 2, column \d+: not valid YAML \(/],
  ['a duplicate key', 'listen: {}\nlisten: {}', /^line 2, column 1: not valid YAML \(duplicate key\)$/],
  ['a tab as indentation', 'listen:\n\tport: 1', /^line 2, column 1: not valid YAML \(tab as indent\)$/],
  ['two documents', 'listen: {}\n---\nadmin: {}', /not valid YAML \(multiple docs\)$/],
  ['a tag of its own', 'listen: !Thing {}', /not valid YAML \(tag resolve failed\)$/],
  ['a key that is a list', '? [listen]\n: {}', /not valid YAML \(non string key\)$/],
  ['an alias to nothing', 'listen: *nothing', /^its aliases/],
  ['a list', '- listen', /^must be a mapping/],
  ['a text', 'listen', /^must be a mapping/],
  ['a number', '8080', /^must be a mapping/],
  ['control characters', 'a\u0000\u0001: [\u0007', /^line 1, column \d+: not valid YAML/],
] as const) {
  test(`${what} is a problem of the file`, () => {
    const problems = problemsOf({ file: 'proxy.yaml', text, env });
    assert.ok(problems.length > 0);
    for (const { path } of problems) assert.equal(path, 'proxy.yaml');
    assert.match(problems[0]?.message ?? '', message);
  });
}

test('an explosion of aliases is refused before it takes memory', () => {
  const levels = Array.from({ length: 30 }, (_, level) => {
    const items =
      level === 0
        ? 'x'
        : Array(10)
            .fill(`*a${level - 1}`)
            .join(', ');
    return `a${level}: &a${level} [${items}]`;
  });
  const startedAt = performance.now();
  const [problem] = problemsOf({ text: levels.join('\n'), env });
  assert.match(problem?.message ?? '', /^its aliases/);
  assert.ok(performance.now() - startedAt < 2000);
});

test('of a long file that is no configuration at all each key is told, in time that grows with its length', () => {
  const keys = Array.from({ length: 80_000 }, (_, index) => `key${index}: 1`);
  const startedAt = performance.now();
  assert.equal(problemsOf({ text: keys.join('\n'), env }).length, 80_000);
  // Compared with one another they would take minutes.
  assert.ok(performance.now() - startedAt < 60_000);
});

test('a key that is there twice is told wherever it is', () => {
  const text = 'limits: [{ name: a }, { name: b, name: c }]\nretry:\n  maxMs: 1\n  baseMs: 1\n  maxMs: 2';
  assert.deepEqual(
    problemsOf({ file: 'proxy.yaml', text, env }).map(({ message }) => message),
    ['line 1, column 34: not valid YAML (duplicate key)', 'line 5, column 3: not valid YAML (duplicate key)'],
  );
});

test('an alias that contains itself ends in a problem, not in a loop', () => {
  const paths = problemsOf({ text: 'upstream: &a\n  upstream: *a', env }).map(({ path }) => path);
  assert.deepEqual(paths, ['upstream.upstream']);
});

test('keys that every object inherits are unknown keys, and change no object', () => {
  const text = '__proto__: { polluted: 1 }\nconstructor: 1\nlisten: { __proto__: { port: 1 }, toString: 2 }';
  const paths = problemsOf({ text, env }).map(({ path }) => path);
  assert.deepEqual(paths.toSorted(), ['__proto__', 'constructor', 'listen.__proto__', 'listen.toString']);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

for (const text of [
  'listen: { port: null }',
  'listen: { port: }',
  'listen: { port: .inf }',
  'listen: { port: [1] }',
]) {
  test(`${text} is a bad value`, () => {
    assert.deepEqual(
      problemsOf({ text, env }).map(({ path, message }) => [path, message.slice(0, 18)]),
      [['listen.port', 'must be an integer']],
    );
  });
}

test('a file that is missing, or a folder, is a problem with its name', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const missing = join(folder, 'missing.yaml');
  assert.deepEqual(problemsOf({ file: missing, env }), [
    { path: missing, message: "can't be read: no such file" },
  ]);
  assert.deepEqual(problemsOf({ file: folder, env }), [
    { path: folder, message: "can't be read: it is a directory" },
  ]);
});
