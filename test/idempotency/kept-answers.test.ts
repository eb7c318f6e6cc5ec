import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { billedTokens, chat, startGoverned } from '../harness/governed.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { post } from './keyed-calls.ts';

async function startUpstream(t: TestContext) {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  return standIn;
}

const secret = chat(5, { messages: [{ role: 'user', content: '[[say:Nobody may read this.]]' }] });

function everyByteIn(folder: string): string {
  const files = readdirSync(folder).map((file) => join(folder, file));
  return files.map((file) => readFileSync(file, 'latin1')).join('');
}

describe('kept answers', () => {
  test('are charged once', async (t) => {
    const config = 'budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]';
    const { sidecar, standIn, settled } = await startGoverned(t, { config });
    for (let call = 0; call < 3; call += 1) assert.equal((await post(sidecar, chat(20))).status, 200);
    const { used, held } = await settled('day');
    assert.deepEqual([used, held, standIn.requests.length], [billedTokens(standIn), 0, 1]);
  });

  test('are not what a budget refuses: once there is one again, the call is made', async (t) => {
    const config = 'budgets: [{ name: day, limit: { tokens: 10 }, window: { every: day } }]';
    const { sidecar, standIn } = await startGoverned(t, { config });
    for (let call = 0; call < 2; call += 1) {
      const { status, code, isReplayed } = await post(sidecar, chat(20));
      assert.deepEqual([status, code, isReplayed], [429, 'budget_exceeded', false]);
    }
    assert.equal(standIn.requests.length, 0);
  });

  test('are forgotten after idempotency.keepSeconds', async (t) => {
    const standIn = await startUpstream(t);
    const env = { ASSISTANT_PROXY_IDEMPOTENCY_KEEP_SECONDS: '1' };
    const sidecar = await startSidecar(t, { upstreamUrl: standIn.url, env });
    await post(sidecar, chat(1));
    await until(async () => !(await post(sidecar, chat(1))).isReplayed);
    assert.equal(standIn.requests.length, 2);
  });

  test('are there after a restart, for a sidecar of the same directory', async (t) => {
    const standIn = await startUpstream(t);
    const env = { ASSISTANT_PROXY_STORE_STATE_DIR: temporaryDirectory(t) };
    const first = await startSidecar(t, { upstreamUrl: standIn.url, env });
    const { text } = await post(first, chat(20));
    await first.shutDown();
    const second = await startSidecar(t, { upstreamUrl: standIn.url, env });
    const again = await post(second, chat(20));
    assert.deepEqual([again.isReplayed, again.text], [true, text]);
  });

  for (const isSealed of [true, false]) {
    test(`are ${isSealed ? '' : 'not '}encrypted ${isSealed ? 'with' : 'without'} store.encryptionKeyFile`, async (t) => {
      const standIn = await startUpstream(t);
      const [stateDir, folder] = [temporaryDirectory(t), temporaryDirectory(t)];
      const keyFile = join(folder, 'keys');
      writeFileSync(keyFile, `k1:${randomBytes(32).toString('base64')}`);
      const env = {
        ASSISTANT_PROXY_STORE_STATE_DIR: stateDir,
        ...(isSealed && { ASSISTANT_PROXY_STORE_ENCRYPTION_KEY_FILE: keyFile }),
      };
      const sidecar = await startSidecar(t, { upstreamUrl: standIn.url, env });
      const first = await post(sidecar, secret);
      assert.match(first.text, /Nobody may read this/);
      assert.deepEqual((await post(sidecar, secret)).text, first.text);
      const kept = everyByteIn(stateDir);
      assert.equal(kept.includes('Nobody may read'), !isSealed);
      assert.equal(kept.includes('sealed:k1:'), isSealed);
      assert.ok(!kept.includes('key 1'), 'a key is never written down');
    });
  }

  test('need a store: without one only calls with a key are refused, and nothing is sent', async (t) => {
    const standIn = await startUpstream(t);
    const file = join(temporaryDirectory(t), 'file');
    writeFileSync(file, '');
    const env = { ASSISTANT_PROXY_STORE_STATE_DIR: join(file, 'state') };
    const sidecar = await startSidecar(t, { upstreamUrl: standIn.url, env });
    const refused = await post(sidecar, chat(1));
    assert.deepEqual([refused.status, refused.code], [503, 'store_unavailable']);
    assert.match(refused.text, /Idempotency-Key needs a store.*Mount a volume there/);
    assert.equal(standIn.requests.length, 0);
    assert.equal((await post(sidecar, chat(1), { key: '' })).status, 200);
  });

  test('cost no file where nobody sends a key', async (t) => {
    const standIn = await startUpstream(t);
    const stateDir = temporaryDirectory(t);
    const env = { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir };
    const sidecar = await startSidecar(t, { upstreamUrl: standIn.url, env });
    await post(sidecar, chat(1), { key: '' });
    assert.deepEqual(
      readdirSync(stateDir).filter((file) => file.startsWith('answers')),
      [],
    );
  });
});
