import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { loadConfig } from '../../src/config/load.ts';

test('the configuration that the README shows is one that the sidecar takes', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const text = /## Budgets and limits\n+```yaml\n(.*?)```/s.exec(readme)?.[1];
  const env = { OPENAI_API_KEY: 'sk-1', TEAM: 'search', APP: 'indexer' };
  const config = loadConfig({ text: text ?? '{', env });
  assert.equal(config.budgets.length, 3);
  assert.equal(config.limits.length, 2);
  assert.deepEqual(config.identity.user, ['metadata.user_id', 'header:x-user-id']);
});
