import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { answerJson, startUpstream } from '../harness/upstream.ts';

/** More lines than a pipe and the kernel hold between them. */
const requests = 600;

async function startLogging(t: TestContext): Promise<{ child: ChildProcess; url: string }> {
  const upstream = await startUpstream(t, (_request, response) => answerJson(response, {}));
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    env: {
      PATH: process.env['PATH'],
      OPENAI_API_KEY: 'sk-x',
      ASSISTANT_PROXY_LISTEN_PORT: '0',
      ASSISTANT_PROXY_ADMIN_PORT: '0',
      ASSISTANT_PROXY_UPSTREAM_BASE_URL: upstream.url,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const { proxyUrl } = JSON.parse(line.toString('utf8')) as { proxyUrl: string };
  return { child, url: proxyUrl };
}

async function servesAndEnds(child: ChildProcess, url: string): Promise<void> {
  for (let sent = 0; sent < requests; sent += 20) {
    const answers = Array.from({ length: 20 }, async () => (await fetch(`${url}/models`)).text());
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['{}']));
  }
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
}

test('a reader of the log that is stuck holds up neither the calls nor the end', async (t) => {
  const { child, url } = await startLogging(t);
  child.stdout!.pause();
  await servesAndEnds(child, url);
});

test('a reader of the log that is gone holds up neither the calls nor the end', async (t) => {
  const { child, url } = await startLogging(t);
  child.stdout!.destroy();
  await servesAndEnds(child, url);
});
