import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadConfig } from '../../src/config/load.ts';
import { problemsOf } from './problems-of.ts';

for (const env of [{}, { OPENAI_API_KEY: '' }]) {
  test(`no key is refused with the ways to set one: ${JSON.stringify(env)}`, () => {
    const [problem, ...others] = problemsOf({ env });
    assert.deepEqual(others, []);
    assert.equal(problem?.path, 'upstream.apiKey');
    for (const way of ['OPENAI_API_KEY', 'ASSISTANT_PROXY_UPSTREAM_API_KEY', 'upstream.apiKeyFile']) {
      assert.ok(problem?.message.includes(way), way);
    }
  });
}

test('a key file is enough, from the file or from the environment', () => {
  const written = loadConfig({ text: 'upstream: { apiKeyFile: /run/key }', env: {} });
  assert.deepEqual([written.upstream.apiKeyFile, written.upstream.apiKey], ['/run/key', '']);
  const env = { ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE: '/run/key' };
  assert.equal(loadConfig({ env }).upstream.apiKeyFile, '/run/key');
});

test('an explicitly empty key means an upstream that takes none', () => {
  assert.equal(loadConfig({ text: 'upstream: { apiKey: "" }', env: {} }).upstream.apiKey, '');
  assert.equal(loadConfig({ env: { ASSISTANT_PROXY_UPSTREAM_API_KEY: '' } }).upstream.apiKey, '');
});

test('a key named in the file by a variable that is not set is not an empty key', () => {
  const [problem] = problemsOf({ text: 'upstream: { apiKey: "${MY_KEY}" }', env: {} });
  assert.equal(problem?.path, 'upstream.apiKey');
  assert.match(problem.message, /needs MY_KEY, which is unset or empty/);
});

test('a key with a line end, as files leave them, is refused before it breaks every request', () => {
  const [problem] = problemsOf({ env: { OPENAI_API_KEY: 'sk-1\n' } });
  assert.equal(problem?.path, 'upstream.apiKey');
  assert.match(problem.message, /line ends/);
});

test('a missing key is not complained of when the file that may hold it can not be read', () => {
  const problems = problemsOf({ text: 'upstream: [', env: {} });
  assert.ok(problems.length > 0);
  assert.ok(problems.every(({ path }) => path === 'the configuration file'));
});
