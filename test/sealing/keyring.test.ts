import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { parseKeyring } from '../../src/sealing/keyring.ts';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');

test('the first line writes, and all lines read', () => {
  const text = `# since May\r\n\n  2026-05:${key(2)}  \n\t\n2026-04:${key(1)}\n# old:${key(0)}\n`;
  const keyring = parseKeyring(text, 'file');
  assert.equal(keyring.newest?.id, '2026-05');
  assert.deepEqual(keyring.newest?.key.export(), Buffer.alloc(32, 2));
  assert.equal(keyring.oldest?.id, '2026-04');
  assert.deepEqual(keyring.find('2026-04')?.export(), Buffer.alloc(32, 1));
  assert.ok(keyring.find('2026-05')?.equals(keyring.newest?.key));
  assert.equal(keyring.find('old'), undefined);
});

test('what is no key is refused by its line, which is never quoted', () => {
  const secret = randomBytes(32).toString('base64');
  const lines = [
    secret,
    `:${secret}`,
    `a b:${secret}`,
    `a:${secret}x`,
    `a: ${secret}`,
    `a:${secret.slice(4)}`,
    `a:${Buffer.alloc(31, 7).toString('base64')}`,
    `a:${Buffer.alloc(33, 7).toString('base64')}`,
    `${'a'.repeat(65)}:${secret}`,
    `good:${secret}`,
  ];
  for (const line of lines) {
    const text = `# keys\ngood:${key(1)}\n${line}\n`;
    assert.throws(
      () => parseKeyring(text, 'store.encryptionKeyFile: /keys'),
      (error: Error) => {
        assert.match(error.message, /^store\.encryptionKeyFile: \/keys, line 3: /);
        return !error.message.includes(secret.slice(4, 40));
      },
    );
  }
});

test('a file without a key is refused', () => {
  for (const text of ['', '\n', `# a:${key(1)}`]) {
    assert.throws(() => parseKeyring(text, 'file'), /^Error: file: must hold a key/);
  }
});
