import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { writeConfig } from '../../harness/config-file.ts';
import { until } from '../../injector/start-injector.ts';
import { callFrom } from './call-from.ts';
import { connectTwoPods, type PodNetwork } from './network.ts';
import { withoutIpv6 } from './without-ipv6.ts';

const root = join(import.meta.dirname, '../../..');
const refused = { status: 0, body: 'ECONNREFUSED' };

test('a gateway on `::` is reached by the IPv4 and the IPv6 address of its own pod, and by that of the cable from others', async (t) => {
  const [own, other] = await connectTwoPods(t, 'IPv6');
  assert.deepEqual(await listening(t, own, '::'), { proxy: '[::]:8080', admin: '[::]:9090' });
  const fromOwn = callFrom(t, own);
  for (const address of ['127.0.0.1', '[::1]', own.address]) {
    assert.equal((await fromOwn(`http://${address}:8080/v1/models`)).status, 401, address);
    assert.equal((await fromOwn(`http://${address}:9090/readyz`)).status, 200, address);
  }
  const fromOther = callFrom(t, other);
  assert.equal((await fromOther(`http://${own.address}:8080/v1/models`)).status, 401);
  assert.equal((await fromOther(`http://${own.address}:9090/readyz`)).status, 200);
});

test('one on 0.0.0.0 is reached by IPv4 alone', async (t) => {
  const [own] = await connectTwoPods(t, 'IPv6');
  assert.deepEqual(await listening(t, own, '0.0.0.0'), { proxy: '0.0.0.0:8080', admin: '0.0.0.0:9090' });
  const call = callFrom(t, own);
  assert.equal((await call('http://127.0.0.1:9090/readyz')).status, 200);
  assert.deepEqual(await call('http://[::1]:9090/readyz'), refused);
  assert.deepEqual(await call(`http://${own.address}:8080/v1/models`), refused);
});

test('where the kernel has no IPv6, `::` is 0.0.0.0, and the log says so', async (t) => {
  const [own, other] = await connectTwoPods(t);
  const machine = { ...own, enter: [...own.enter, ...withoutIpv6()] };
  assert.deepEqual(await listening(t, machine, '::'), { proxy: '0.0.0.0:8080', admin: '0.0.0.0:9090' });
  const call = callFrom(t, other);
  assert.equal((await call(`http://${own.address}:8080/v1/models`)).status, 401);
  assert.equal((await call(`http://${own.address}:9090/readyz`)).status, 200);
});

test('where IPv6 is switched off (disable_ipv6), `::` is reached by IPv4', async (t) => {
  const [own, other] = await connectTwoPods(t);
  const off = 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; exec "$@"';
  const machine = { ...own, enter: [...own.enter, 'sh', '-c', off, 'sh'] };
  await listening(t, machine, '::');
  const call = callFrom(t, other);
  assert.equal((await call(`http://${own.address}:8080/v1/models`)).status, 401);
  assert.equal((await call(`http://${own.address}:9090/readyz`)).status, 200);
});

test('so does the injector: its webhook, and its probes', async (t) => {
  const [own] = await connectTwoPods(t);
  const env = { ASSISTANT_PROXY_INJECTOR_IMAGE: 'assistant-proxy:0.1.0', ASSISTANT_PROXY_ADMIN_HOST: '::' };
  const both = { webhook: '[::]:8443', admin: '[::]:9090' };
  assert.deepEqual(await started(t, own, ['inject'], env), both);
  const [machine] = await connectTwoPods(t);
  const enter = [...machine.enter, ...withoutIpv6()];
  const one = { webhook: '0.0.0.0:8443', admin: '0.0.0.0:9090' };
  assert.deepEqual(await started(t, { ...machine, enter }, ['inject'], env), one);
});

/** A sidecar that takes callers with a key, on the usual ports of that host; what it says it listens on. */
function listening(t: TestContext, network: PodNetwork, host: string): Promise<Record<string, string>> {
  return started(t, network, [], {
    OPENAI_API_KEY: 'sk-stand-in',
    ASSISTANT_PROXY_LISTEN_HOST: host,
    ASSISTANT_PROXY_ADMIN_HOST: host,
    ASSISTANT_PROXY_CONFIG: writeConfig(t, 'auth: { keys: [{ name: one, key: 0123456789abcdef }] }'),
  });
}

/** Hosts and ports of the line `listening`, by what listens there. */
async function started(
  t: TestContext,
  { enter }: PodNetwork,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const stateDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-pod-'));
  const [file, ...rest] = [...enter, process.execPath, 'src/main.ts', ...args];
  const child = spawn(file!, rest, {
    cwd: root,
    env: { PATH: process.env['PATH'], ASSISTANT_PROXY_STORE_STATE_DIR: stateDir, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(stateDir, { recursive: true });
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString('utf8')));
  await until('it listens', () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
    return /"listening".*\n/.test(output);
  });
  const line = output.split('\n').find((each) => each.includes('"listening"'))!;
  const urls = Object.entries(JSON.parse(line) as object).filter(([key]) => key.endsWith('Url'));
  return Object.fromEntries(
    urls.map(([key, url]) => [key.slice(0, -'Url'.length), new URL(url as string).host]),
  );
}
