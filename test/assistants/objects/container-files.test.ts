import assert from 'node:assert/strict';
import { test } from 'node:test';

import { containerPath, rememberContainerFile } from '../../../src/assistants/objects/container-files.ts';
import { plainExchange } from '../../harness/exchange.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';
import { acme } from './serve-objects.ts';

test('a file of a container is found by its id alone, by its own organisation', async () => {
  const store = createMemoryAssistantStore();
  await rememberContainerFile(store, 'acme', 'cfile_1', 'cntr_1');
  await rememberContainerFile(store, 'acme', 'cfile_1', 'cntr_1');
  const pathOf = (path: string, changes = {}) =>
    containerPath(store, { ...plainExchange(), path, identity: acme, ...changes });
  assert.equal(await pathOf('/files/cfile_1'), '/containers/cntr_1/files/cfile_1');
  assert.equal(await pathOf('/files/cfile_1/content'), '/containers/cntr_1/files/cfile_1/content');
  for (const path of [
    '/files/cfile_2',
    '/files/file-1',
    '/files/cfile_1/x',
    '/files',
    '/models',
    '/files/cfile_1%2f..',
  ]) {
    assert.equal(await pathOf(path), undefined, path);
  }
  assert.equal(await pathOf('/files/cfile_1', { identity: { ...acme, org: 'globex' } }), undefined);
  assert.equal(await pathOf('/files/cfile_1', { identity: undefined }), undefined);
  assert.equal(await pathOf('/files/cfile_1', { method: 'DELETE' }), undefined);
});
