import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeKeys } from '../../src/config/describe.ts';
import { isLive, liveKeys } from '../../src/config/live-keys.ts';
import { readConfig } from '../../src/config/load.ts';
import { mergeLive } from '../../src/config/merge-live.ts';
import { configSchema } from '../../src/config/schema.ts';

const paths = describeKeys(configSchema).map(({ path }) => path);

function read(text: string) {
  return readConfig({ text, env: { OPENAI_API_KEY: 'sk-1' } });
}

test('every key that is followed is one of the configuration, or a section of it', () => {
  for (const key of liveKeys) {
    assert.ok(
      paths.some((path) => path === key || path.startsWith(`${key}.`)),
      key,
    );
  }
});

test('what is opened at the start is not followed: no address, file, store or secret but those of callers', () => {
  const followed = paths.filter(isLive).filter((path) => !path.startsWith('auth.'));
  assert.deepEqual(
    followed.filter((path) => /(?:Url|\.url|File|Port|\.port|Host|\.host|Key|secret)$/.test(path)),
    ['webhook.url'],
  );
  for (const path of ['listen.port', 'store.redisUrl', 'upstream.baseUrl', 'redaction.hashKey', 'retrying']) {
    assert.ok(!isLive(path), path);
  }
});

test('keys that decide change, the others wait, and both are told by their paths', () => {
  const running = read('listen: { port: 1 }\nretry: { maxAttempts: 2 }\nlimits: []');
  const offered = read(
    'listen: { port: 2 }\nretry: { maxAttempts: 4 }\nlimits: [{ name: a, concurrency: 1 }]\nredaction: { mode: mask, keepSeconds: 77 }',
  );
  const { config, applied, waiting } = mergeLive(running, offered);
  assert.deepEqual(applied, ['retry.maxAttempts', 'limits', 'redaction.mode']);
  assert.deepEqual(waiting, ['listen.port', 'redaction.keepSeconds']);
  const { retry, limits } = offered;
  const redaction = { ...running.redaction, mode: 'mask' };
  assert.deepEqual(config, { ...running, retry, limits, redaction });
});

test('what waited and is as it was again waits no longer', () => {
  const running = read('listen: { port: 1 }');
  const once = mergeLive(running, read('listen: { port: 2 }'));
  assert.deepEqual(once.waiting, ['listen.port']);
  assert.deepEqual(mergeLive(once.config, running), { config: running, applied: [], waiting: [] });
});
