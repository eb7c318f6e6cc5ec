import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Whence the connection comes. */
  readonly localAddress?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What pages hold that nobody else may see. */
const guarded = ['/', '/status', '/console/console.js', '/console/console.css', '/console/icon.svg'];
const open = ['/livez', '/readyz', '/metrics', '/budgets'];

async function startAdmin(t: TestContext, env: Record<string, string> = {}) {
  const upstream = await startUpstream(t, () => assert.fail('nothing may reach the upstream'));
  const { adminUrl } = await startSidecar(t, { upstreamUrl: upstream.url, env });
  const { port } = new URL(adminUrl);
  return (asked: Asked): Promise<Answer> => ask(Number(port), asked);
}

function ask(
  port: number,
  { method = 'GET', path = '/status', headers, localAddress }: Asked,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, localAddress, agent: false });
    asked.on('response', async (response) => {
      resolve({ status: response.statusCode!, headers: response.headers, body: await text(response) });
    });
    asked.on('error', reject).end();
  });
}

// On `::` whoever comes by IPv4 has an address such as ::ffff:127.0.0.1.
for (const host of ['127.0.0.1', '::']) {
  test(`who forwards a port to ${host} sees page and status; what comes from elsewhere, or by a proxy, sees neither`, async (t) => {
    const admin = await startAdmin(t, { ASSISTANT_PROXY_ADMIN_HOST: host });
    for (const path of guarded) assert.equal((await admin({ path })).status, 200, path);
    const strangers: Asked[] = [
      // Meshes hand on what comes from other pods from this address.
      { localAddress: '127.0.0.6' },
      { headers: { 'x-forwarded-for': '10.0.0.7' } },
      { headers: { 'x-real-ip': '10.0.0.7' } },
      { headers: { 'x-envoy-external-address': '10.0.0.7' } },
      { headers: { forwarded: 'for=10.0.0.7' } },
      { headers: { via: '1.1 proxy' } },
      { headers: { 'l5d-client-id': 'default.default' } },
    ];
    for (const stranger of strangers) {
      for (const path of guarded) {
        const { status, body } = await admin({ ...stranger, path });
        assert.deepEqual(
          [status, body.includes('kubectl port-forward')],
          [403, true],
          JSON.stringify(stranger),
        );
      }
      for (const path of open) assert.equal((await admin({ ...stranger, path })).status, 200, path);
    }
  });
}

test('a page of somebody else whose name leads here is told nothing', async (t) => {
  const admin = await startAdmin(t);
  const hosts = {
    200: ['localhost', 'LOCALHOST:1', '127.0.0.1:9090', '127.0.0.5', '[::1]:9090'],
    403: [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil.example:9090',
      '10.0.0.7:9090',
      'localhost@evil.example',
      'localhost:9090:1',
      '::1',
      ' ',
    ],
  };
  for (const [status, names] of Object.entries(hosts)) {
    for (const host of names) assert.equal((await admin({ headers: { host } })).status, Number(status), host);
  }
  const { headers } = await admin({ headers: { origin: 'http://evil.example' } });
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('access-control')),
    [],
  );
});

test('admin.console opens it to everyone, or to nobody', async (t) => {
  const everyone = await startAdmin(t, { ASSISTANT_PROXY_ADMIN_CONSOLE: 'everyone' });
  const stranger = {
    localAddress: '127.0.0.6',
    headers: { host: 'pod.example', 'x-forwarded-for': '10.0.0.7' },
  };
  for (const path of guarded) assert.equal((await everyone({ ...stranger, path })).status, 200);
  const nobody = await startAdmin(t, { ASSISTANT_PROXY_ADMIN_CONSOLE: 'off' });
  for (const path of guarded) assert.equal((await nobody({ path })).status, 403);
  for (const path of open) assert.equal((await nobody({ path })).status, 200);
});

test('the admin port only reads: every other method is 405, on every path', async (t) => {
  const admin = await startAdmin(t);
  for (const path of [...guarded, ...open, '/elsewhere']) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await admin({ method, path });
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], `${method} ${path}`);
    }
    const { status, body } = await admin({ method: 'HEAD', path });
    assert.deepEqual([status, body], [path === '/elsewhere' ? 404 : 200, ''], path);
  }
});

test('an unknown path is 404, says what there is, and quotes nothing', async (t) => {
  const admin = await startAdmin(t);
  for (const path of [
    '/elsewhere',
    '/console/../../package.json',
    '/console/%2e%2e%2fstatus.ts',
    '/console/',
    '/status/',
  ]) {
    const { status, body } = await admin({ path });
    assert.equal(status, 404, path);
    assert.match(body, /\/status, and the console at \//);
    assert.ok(!body.includes('elsewhere'));
  }
});

test('page and data may do nothing but what they are for, and are kept nowhere', async (t) => {
  const admin = await startAdmin(t);
  for (const path of guarded) {
    const { headers } = await admin({ path });
    const policy = headers['content-security-policy'] as string;
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
  }
  const page = (await admin({ path: '/' })).body;
  const addresses = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
  assert.ok(addresses.length > 3);
  for (const address of addresses.filter((each) => !each.startsWith('#'))) {
    assert.equal((await admin({ path: address })).status, 200, address);
  }
});
