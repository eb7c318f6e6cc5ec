import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { runBudgetsCommand } from '../../src/commands/budgets-command.ts';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDirectory } from '../embedded/temporary-directory.ts';

const list = { action: 'list', name: '', scope: undefined, json: false } as const;

function configWith(store: object) {
  const text = JSON.stringify({
    store,
    budgets: [{ name: 'month', limit: { tokens: 10 }, window: { every: 'month' } }],
  });
  return loadConfig({ text, env: { OPENAI_API_KEY: 'sk-test' } });
}

test('budgets says it plainly where there is no ledger yet', async (t) => {
  const stateDir = join(temporaryDirectory(t), 'empty');
  const { exitCode, output } = await runBudgetsCommand(list, configWith({ stateDir }));
  assert.equal(exitCode, 1);
  assert.match(output, /^There is no ledger at .*store\.stateDir.*\n$/);
});

test('budgets says it plainly where the URL of Redis is none, and does not quote it', async () => {
  const { exitCode, output } = await runBudgetsCommand(list, configWith({ redisUrl: 'redis://:secret@a,b' }));
  assert.deepEqual([exitCode, output], [1, 'several hosts need redis+sentinel:// or redis+cluster://\n']);
});
