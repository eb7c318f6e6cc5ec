import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { spawnSidecar } from '../harness/processes.ts';
import { temporaryFolder } from './key-file.ts';

/** Runs in the sidecar's process, and tells what is loaded there. */
const telling = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED_FILE, url + '\\n');
    return next(url, context);
  },
});`;

async function loadedWith(t: TestContext, mode: string): Promise<string> {
  const folder = temporaryFolder(t);
  const file = join(folder, 'loaded');
  const sidecar = await spawnSidecar(t, 'http://127.0.0.1:9/v1', {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(telling)}`,
    LOADED_FILE: file,
    ASSISTANT_PROXY_REDACTION_MODE: mode,
    ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, 'state'),
  });
  sidecar.signal('SIGKILL');
  await sidecar.exitCode;
  return readFileSync(file, 'utf8');
}

test('detectors and what they rest on are loaded only where something is looked for', async (t) => {
  const heavy = /src\/redaction\/detect\/|node_modules\/libphonenumber-js\//;
  assert.match(await loadedWith(t, 'mask'), heavy);
  const without = await loadedWith(t, 'off');
  assert.match(without, /src\/app\.ts/);
  assert.doesNotMatch(without, heavy);
});
