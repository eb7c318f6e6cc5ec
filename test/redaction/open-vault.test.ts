import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { openVault } from '../../src/composition/open-vault.ts';
import { loadConfig } from '../../src/config/load.ts';
import { shareDirectory } from '../../src/embedded/own-directory.ts';
import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { email, scopeOf } from './contract/vault-under-test.ts';

const thread = scopeOf('thread', 'thread_1');
const line = (id: string) => `${id}:${Buffer.alloc(32, id).toString('base64')}\n`;

function openIn(stateDir: string, files: { own?: string; stores?: string }) {
  const config = loadConfig({
    text: JSON.stringify({
      store: { stateDir, encryptionKeyFile: files.stores ?? '' },
      redaction: { encryptionKeyFile: files.own ?? '' },
    }),
    env: { OPENAI_API_KEY: 'sk-1' },
  });
  return openVault(config, { own: shareDirectory(stateDir), onError() {} });
}

test('originals have keys of their own, or those of the store', async (t) => {
  const stateDir = temporaryDirectory(t);
  const [own, stores] = [join(stateDir, 'own.keys'), join(stateDir, 'stores.keys')];
  writeFileSync(own, line('k1'));
  writeFileSync(stores, line('k2'));
  const first = openIn(stateDir, { own, stores });
  await first.name(thread, [email('a')]);
  await first.close();
  const second = openIn(stateDir, { stores });
  t.after(() => second.close());
  await assert.rejects(second.read(thread), /store\.encryptionKeyFile has no key of the id "k1"/);
});

test('without a key there is no vault, and it is said what to do; the directory is free again', (t) => {
  const stateDir = temporaryDirectory(t);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assert.throws(
      () => openIn(stateDir, {}),
      /store\.encryptionKeyFile: pseudonymize keeps originals encrypted.* Name a file/,
    );
  }
});
