import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { spawnPipedSidecar } from '../harness/processes.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';
import { temporaryFolder } from '../redaction/key-file.ts';

test('a configuration that comes through a pipe stays in effect though nothing more comes', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const sidecar = await spawnPipedSidecar(t, upstream.url, 'upstream: { unknownOperations: deny }', {
    ASSISTANT_PROXY_STORE_STATE_DIR: join(temporaryFolder(t), 'state'),
  });
  const statusOf = async () => (await fetch(`${sidecar.url}/no/such/path`)).status;
  assert.equal(await statusOf(), 404);
  await sleep(2500);
  assert.equal(await statusOf(), 404);
  assert.match(sidecar.output(), /is not followed/);
  assert.doesNotMatch(sidecar.output(), /configuration_/);
});
