import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, type TestContext, test } from 'node:test';
import { rootCertificates } from 'node:tls';

import { loadConfig } from '../../src/config/load.ts';
import { buildImage, type Image } from './build-image.ts';
import { type Container, runImage } from './run-image.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

const project = join(import.meta.dirname, '../..');
const manifest = readJson<Manifest>(join(project, 'package.json'));
const maxImageMebibytes = 160;

describe('the image', { timeout: 60_000 }, () => {
  let folder: string;
  let image: Image;
  /** All that is in it, by path, before a runtime adds its mount points. */
  let contents: Map<string, Stats>;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-image-'));
    image = buildImage(project, folder);
    const paths = readdirSync(image.root, { recursive: true, encoding: 'utf8' });
    contents = new Map(paths.map((path) => [`/${path}`, lstatSync(join(image.root, path))]));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('holds one program, Node, and none that could start or install another', () => {
    const programs = [...contents]
      .filter(([path, stats]) => !path.startsWith('/app/') && stats.isFile() && (stats.mode & 0o111) !== 0)
      .map(([path]) => path)
      .filter((path) => !/\.so\b/.test(path));
    assert.deepEqual(programs, ['/usr/local/bin/node']);
    const tools = new Set(['sh', 'bash', 'dash', 'busybox', 'npm', 'npx', 'yarn', 'corepack', 'apt', 'dpkg']);
    const found = [...contents].filter(([path, stats]) => !stats.isDirectory() && tools.has(basename(path)));
    assert.deepEqual(found, []);
  });

  test('holds the application and nothing of its development', () => {
    assert.deepEqual(readdirSync(join(image.root, 'app')).toSorted(), [
      'node_modules',
      'package-lock.json',
      'package.json',
      'src',
    ]);
    for (const name of Object.keys(manifest.devDependencies ?? {})) {
      assert.ok(!contents.has(`/app/node_modules/${name}`), name);
    }
    const folders = new Set(['test', 'tests', 'docs']);
    const found = [...contents].filter(([path, stats]) => stats.isDirectory() && folders.has(basename(path)));
    assert.deepEqual(found, []);
  });

  test('tells scanners exactly which packages are installed, of npm and of Debian', () => {
    const lock = readJson<{ packages: Record<string, unknown> }>(join(image.root, 'app/package-lock.json'));
    const locked = Object.keys(lock.packages).filter((path) => path !== '');
    const installed = [...contents.keys()]
      .filter((path) => /\/node_modules\/(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path))
      .map((path) => path.slice('/app/'.length, -'/package.json'.length));
    assert.deepEqual(installed.toSorted(), locked.toSorted());
    const { dependencies, devDependencies } = readJson<Manifest>(join(image.root, 'app/package.json'));
    assert.deepEqual(dependencies, manifest.dependencies);
    assert.equal(devDependencies, undefined);

    assert.match(readText('etc/os-release'), /^ID=/m);
    const records = readdirSync(join(image.root, 'var/lib/dpkg/status.d'));
    for (const name of ['libc6', 'libstdc++6', 'libgcc-s1']) assert.ok(records.includes(name), name);
    for (const name of records) {
      const record = readText(`var/lib/dpkg/status.d/${name}`);
      assert.match(record, new RegExp(`^Package: ${RegExp.escape(name)}$`, 'm'));
      assert.match(record, /^Version: \d/m);
    }
  });

  test('can be read by any user and written by none, but for /tmp', () => {
    for (const [path, stats] of contents) {
      if (stats.isSymbolicLink()) continue;
      const needed = stats.isDirectory() ? 0o555 : 0o444;
      assert.equal(stats.mode & needed, needed, `not readable: ${path}`);
      assert.notEqual(stats.uid, 65532, `owned by the image's user: ${path}`);
      if (path === '/tmp') continue;
      assert.equal(stats.mode & 0o022, 0, `writable: ${path}`);
      assert.equal(stats.mode & 0o7000, 0, `setuid, setgid or sticky: ${path}`);
    }
    assert.equal((contents.get('/tmp')?.mode ?? 0) & 0o7777, 0o1777);
    assert.deepEqual(readdirSync(join(image.root, 'tmp')), []);
  });

  test('stays small', (context) => {
    const mebibytes = (below: string) => {
      const files = [...contents].filter(([path, stats]) => stats.isFile() && path.startsWith(below));
      return files.reduce((sum, [, { size }]) => sum + size, 0) / 1024 ** 2;
    };
    const of = (below: string) => `${mebibytes(below).toFixed(1)} MiB`;
    context.diagnostic(`all ${of('/')}: Node ${of('/usr/local/bin/node')}, libraries ${of('/lib')}`);
    context.diagnostic(`src ${of('/app/src')}, npm packages ${of('/app/node_modules')}`);
    assert.ok(mebibytes('/') < maxImageMebibytes, of('/'));
  });

  test('is labelled and exposed as the manifest and the configuration say', () => {
    assert.equal(image.labels['org.opencontainers.image.version'], manifest.version);
    const { listen, admin } = loadConfig({ env: { OPENAI_API_KEY: 'x' } });
    assert.deepEqual(image.ports, [listen.port, admin.port]);
    assert.equal(image.stopSignal, 'SIGTERM');
    assert.equal(image.env['NODE_ENV'], 'production');
  });

  test('runs as a user without rights, where nothing can be written', async (context) => {
    const paths = ['/x', '/tmp/x', '/app/x', '/app/src/x'];
    const container = runImage(context, image, {
      entrypoint: ['/usr/local/bin/node', '--input-type=module', '--eval', whatProcessMayDo],
      args: paths,
    });
    const [output, { code, stderr }] = await Promise.all([text(container.stdout), container.ended]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(output), {
      processId: 1,
      user: '65532:65532',
      userName: 'assistant-proxy',
      capabilities: '0000000000000000',
      folder: '/app',
      writing: Object.fromEntries(paths.map((path) => [path, 'EROFS'])),
    });
  });

  test('offers its CA certificates to whoever asks for the system’s', async (context) => {
    const print = 'new Set(tls.getCACertificates("system")).size';
    const container = runImage(context, image, {
      entrypoint: ['/usr/local/bin/node', '--use-system-ca', '--print', print],
    });
    const [output, { stderr }] = await Promise.all([text(container.stdout), container.ended]);
    assert.equal(Number(output), rootCertificates.length, stderr);
  });

  test('checks a mounted configuration when it is asked to', async (context) => {
    const check = async (yaml: string) => {
      const file = join(folder, 'config.yaml');
      writeFileSync(file, yaml);
      const container = runImage(context, image, {
        args: ['check', '--config', '/etc/assistant-proxy/config.yaml'],
        env: { OPENAI_API_KEY: 'x' },
        mounts: { '/etc/assistant-proxy/config.yaml': file },
      });
      const [output, { code, stderr }] = await Promise.all([text(container.stdout), container.ended]);
      assert.equal(stderr, '');
      return { output, code };
    };
    const good = await check('listen: { port: 8080 }\n');
    assert.equal(good.code, 0, good.output);
    const bad = await check('listen: { port: eighty }\n');
    assert.equal(bad.code, 1, bad.output);
    assert.match(bad.output, /listen\.port/);
  });

  test('serves, finds its upstream by name, tells its traces, and ends cleanly when it is asked to', async (context) => {
    const upstreamPort = await startUpstream(context);
    const delivered: string[] = [];
    const collectorPort = await startServer(context, (request, response) => {
      delivered.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
      response.end();
    });
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, '127.0.0.1 localhost upstream.test\n');
    const container = runImage(context, image, {
      env: {
        OPENAI_API_KEY: 'x',
        ASSISTANT_PROXY_LISTEN_PORT: '0',
        ASSISTANT_PROXY_ADMIN_PORT: '0',
        ASSISTANT_PROXY_UPSTREAM_BASE_URL: `http://upstream.test:${upstreamPort}/v1`,
        ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
      },
      mounts: { '/etc/hosts': hosts },
    });
    const { proxyUrl, adminUrl } = await listening(container);
    for (const probe of ['livez', 'readyz', 'metrics']) {
      assert.equal((await fetch(`${adminUrl}/${probe}`)).status, 200, probe);
    }
    const page = await (await fetch(adminUrl)).text();
    for (const [, path] of page.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
      assert.equal((await fetch(`${adminUrl}${path}`)).status, 200, path);
    }
    assert.equal((await fetch(`${adminUrl}/status`)).status, 200);
    const answer = await fetch(new URL('/v1/models', proxyUrl));
    assert.deepEqual(await answer.json(), { object: 'list', data: [] });
    container.signal('SIGTERM');
    const { code, stderr } = await container.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(delivered, ['POST /v1/traces application/x-protobuf']);
  });

  const readText = (path: string) => readFileSync(join(image.root, path), 'utf8');
});

/** Runs inside the image, and tries to open each path that it is given for writing. */
const whatProcessMayDo = `
  import { openSync, readFileSync } from 'node:fs';
  import { userInfo } from 'node:os';
  const open = (path) => {
    try {
      openSync(path, 'a');
      return 'written';
    } catch (error) {
      return error.code;
    }
  };
  console.log(JSON.stringify({
    processId: process.pid,
    user: process.getuid() + ':' + process.getgid(),
    userName: userInfo().username,
    capabilities: /^CapEff:\\s*(\\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1],
    folder: process.cwd(),
    writing: Object.fromEntries(process.argv.slice(1).map((path) => [path, open(path)])),
  }));
`;

async function listening(container: Container): Promise<{ proxyUrl: string; adminUrl: string }> {
  for await (const line of createInterface({ input: container.stdout })) {
    const entry = JSON.parse(line) as { msg: string; proxyUrl: string; adminUrl: string };
    if (entry.msg === 'listening') return entry;
  }
  const { code, stderr } = await container.ended;
  throw new Error(`ended with ${code} before it listened: ${stderr}`);
}

function startUpstream(context: TestContext): Promise<number> {
  return startServer(context, (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"object":"list","data":[]}');
  });
}

async function startServer(context: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
