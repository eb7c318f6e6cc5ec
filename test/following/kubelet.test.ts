import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { spawnSidecar } from '../harness/processes.ts';
import { until } from '../harness/redis.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';
import { temporaryFolder } from '../redaction/key-file.ts';

/** As the kubelet projects a ConfigMap: a folder for each version, and links to it that are swapped as one. */
function projectedFolder(folder: string) {
  symlinkSync('..data/config.yaml', join(folder, 'config.yaml'));
  let version = 0;
  return function write(text: string): void {
    version += 1;
    mkdirSync(join(folder, `..${version}`));
    writeFileSync(join(folder, `..${version}`, 'config.yaml'), text);
    symlinkSync(`..${version}`, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
}

test('a process follows a ConfigMap as the kubelet writes it, and ends in peace in the middle of a change', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const folder = temporaryFolder(t);
  const write = projectedFolder(folder);
  write('');
  const sidecar = await spawnSidecar(t, upstream.url, {
    ASSISTANT_PROXY_CONFIG: join(folder, 'config.yaml'),
    ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, 'state'),
  });
  const statusIs = (wanted: number) =>
    until(async () => (await fetch(`${sidecar.url}/no/such/path`)).status === wanted);
  await statusIs(200);
  write('upstream: { unknownOperations: deny }');
  await statusIs(404);
  write('upstream: { unknownOperations: allow }');
  await statusIs(200);
  write('redaction: { mode: mask }');
  sidecar.signal('SIGTERM');
  assert.equal(await sidecar.exitCode, 0);
});
