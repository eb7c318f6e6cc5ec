import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

import { startApiServer } from './api-server.ts';
import { cases } from './pods/cases.ts';
import {
  addWebhookConfiguration,
  call,
  injectorEnv,
  publishedBundle,
  responseIn,
  reviewOf,
  until,
} from './start-injector.ts';

const root = join(import.meta.dirname, '../..');
const leasePath = '/apis/coordination.k8s.io/v1/namespaces/system/leases/assistant-proxy-injector';

function start(t: TestContext, args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

test('npm start -- inject needs no key of OpenAI; SIGTERM ends it with 0, and lets go of the Lease', async (t) => {
  const api = await startApiServer(t);
  addWebhookConfiguration(api);
  const child = start(t, ['src/main.ts', 'inject'], injectorEnv(api));
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('a certificate', () => publishedBundle(api) !== '' && output.includes('certificate in use'));
  const listening = output.split('\n').find((line) => line.includes('"listening"'))!;
  const { webhookUrl } = JSON.parse(listening) as { webhookUrl: string };
  const body = JSON.stringify(reviewOf(cases[0]!.pod));
  const answer = await call({ port: Number(new URL(webhookUrl).port), ca: publishedBundle(api), body });
  assert.ok(responseIn(answer.body).allowed);
  const { holderIdentity } = api.get(leasePath)!['spec'] as { holderIdentity?: string };
  assert.ok(holderIdentity);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0, output);
  assert.equal((api.get(leasePath)!['spec'] as { holderIdentity?: string }).holderIdentity, undefined);
  assert.ok(!output.includes('PRIVATE KEY'));
});

test('npm start -- inject without an image says which key is missing, and ends with 1', async (t) => {
  const child = start(t, ['src/main.ts', 'inject'], {});
  const [stderr] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  assert.equal(child.exitCode, 1);
  assert.match(stderr, /injector\.image.*ASSISTANT_PROXY_INJECTOR_IMAGE/);
});

test('npm start -- inject on a port that is taken says so, and ends with 1', async (t) => {
  const api = await startApiServer(t);
  const port = new URL(api.url).port;
  const child = start(t, ['src/main.ts', 'inject'], {
    ...injectorEnv(api),
    ASSISTANT_PROXY_INJECTOR_PORT: port,
  });
  const [stdout] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
  assert.equal(child.exitCode, 1);
  assert.match(stdout, /could not start/);
});

test('a sidecar loads nothing of the injector', async (t) => {
  const program = `
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });
    process.argv.push('--help');
    await import('./src/main.ts');`;
  const child = start(t, ['--input-type=module', '-e', program], {});
  const [stderr] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  assert.match(stderr, /src\/app\.ts/);
  assert.ok(!/src\/injector|peculiar|reflect-metadata|rfc6902/.test(stderr), stderr);
});
