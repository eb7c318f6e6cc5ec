import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createEmbeddedLedger } from '../../src/embedded/embedded-ledger.ts';
import { createWindow } from '../../src/ledger/windows.ts';
import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';
import { admission, budget, granted } from './contract/ledger-under-test.ts';

test('hundreds of holds that a crash left behind are resolved within seconds', async (t) => {
  const stateDir = temporaryDirectory(t);
  const crashed = createEmbeddedLedger({
    stateDir,
    now: Date.now,
    onError: (error) => assert.fail(`${error}`),
  });
  const line = budget({ budget: 'month', window: createWindow({ every: 'month' }), limit: unlimited });
  for (let index = 0; index < 300; index += 1) {
    granted(await crashed.admit(admission({ org: 'default', leaseMs: 1, budgets: [line] })));
  }
  await crashed.close();
  const upstream = await startUpstream(t, () => assert.fail('nothing is to be asked for'));
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: 'budgets: [{ name: month, limit: { tokens: 100000 }, window: { every: month } }]',
    env: { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir },
  });
  await sleep(4000);
  const [month] = await sidecar.budgets();
  assert.deepEqual([month?.held, month?.used], [0, 3000]);
});

const unlimited = { tokens: undefined, nanoUsd: undefined };
