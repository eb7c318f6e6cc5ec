import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { systemClock } from '../../../src/clock.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { createInjector } from '../../../src/injector/injector.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { type ApiServer, startApiServer } from '../../injector/api-server.ts';
import { injectorEnv, until } from '../../injector/start-injector.ts';
import { type KubernetesObject, templateObjects } from './helm.ts';

const name = 'assistant-proxy-injector';
const namespace = 'assistant-proxy';
const secretPath = `/api/v1/namespaces/${namespace}/secrets/${name}-tls`;
const objects = templateObjects();

describe('what the chart renders, put into a cluster, and the injector that it configures', () => {
  test('fill the empty Secret, and tell the API server whom to trust', async (t) => {
    const { api } = await install(t);
    const configuration = api.get(pathOf(find('MutatingWebhookConfiguration')));
    const { webhooks } = configuration as unknown as {
      webhooks: { clientConfig: { caBundle: string } }[];
    };
    const authority = (api.get(secretPath) as unknown as { data: Record<string, string> }).data['ca.crt'];
    assert.deepEqual(
      webhooks.map(({ clientConfig }) => clientConfig.caBundle),
      [authority, authority],
    );
  });

  test('need none but the rights that its Roles give', async (t) => {
    const { api } = await install(t);
    const rules = [...rulesOf('Role'), ...rulesOf('ClusterRole')];
    const lacking = api.calls.filter((call) => !rules.some((rule) => isAllowed(call, rule)));
    assert.deepEqual([...new Set(lacking)], []);
    assert.ok(api.calls.some((call) => call === `PUT ${secretPath}`));
  });

  test('pass `helm test`', async (t) => {
    const { api, port } = await install(t);
    const { code, output } = await runHelmTest(t, api, port);
    assert.equal(output, 'The injector answers, and adds a sidecar.\n');
    assert.equal(code, 0);
  });

  test('pass `helm test` where they serve but a few namespaces, for it asks about the first', async (t) => {
    const chosen = templateObjects({ set: ['injector.config.namespaces={shop,search}'] });
    const { api, port } = await install(t, '', chosen);
    const { code, output } = await runHelmTest(t, api, port, chosen);
    assert.equal(output, 'The injector answers, and adds a sidecar.\n');
    assert.equal(code, 0);
  });

  test('fail `helm test`, which says why, where it adds nothing, and where nobody listens', async (t) => {
    const { api, port, shutDown } = await install(t, 'namespaces: [elsewhere]');
    const skipping = await runHelmTest(t, api, port);
    assert.match(skipping.output, /does not work: it added no sidecar/);
    assert.equal(skipping.code, 1);
    await shutDown();
    const silent = await runHelmTest(t, api, port);
    assert.match(silent.output, /does not work: connect ECONNREFUSED/);
    assert.equal(silent.code, 1);
  });
});

async function install(t: TestContext, furtherSettings = '', installed = objects) {
  const api = await startApiServer(t);
  for (const kind of ['MutatingWebhookConfiguration', 'Lease', 'Secret']) {
    const object = find(kind, installed);
    api.put(pathOf(object), object);
  }
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  const { ASSISTANT_PROXY_INJECTOR_IMAGE: _image, ...env } = injectorEnv(api);
  const text = find('ConfigMap', installed).data!['config.yaml']!;
  const here = { ...env, ASSISTANT_PROXY_ADMIN_HOST: '127.0.0.1' };
  const config = loadConfig({ text: `${text}\n  ${furtherSettings}\n`, env: here, needsKey: false });
  const injector = createInjector(config, createLogger('debug', openSync(join(folder, 'log'), 'a')), {
    clock: systemClock,
    refreshMs: 50,
    settleMs: 1000,
  });
  const { webhookUrl, adminUrl } = await injector.listen();
  let stopped: Promise<void> | undefined;
  const shutDown = () => (stopped ??= injector.shutDown());
  t.after(async () => {
    await shutDown();
    rmSync(folder, { recursive: true });
  });
  await until('the injector is ready', async () => (await fetch(`${adminUrl}/readyz`)).ok);
  return { api, port: new URL(webhookUrl).port, shutDown };
}

/** The Pod's own command and environment. Only that the Service's name means this machine is made up. */
function runHelmTest(t: TestContext, api: ApiServer, port: string, installed = objects) {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const caFile = join(folder, 'ca.crt');
  const { data } = api.get(secretPath) as unknown as { data: Record<string, string> };
  writeFileSync(caFile, Buffer.from(data['ca.crt']!, 'base64'));
  const namesFile = join(folder, 'names.mjs');
  writeFileSync(namesFile, namesOfThisMachine);
  const { containers } = find('Pod', installed).spec as {
    containers: { command: string[]; args: string[]; env: { name: string; value: string }[] }[];
  };
  const { command, args, env } = containers[0]!;
  const variables = Object.fromEntries(env.map((variable) => [variable.name, variable.value]));
  assert.equal(command[0], '/usr/local/bin/node');
  const options = {
    env: {
      ...variables,
      NODE_EXTRA_CA_CERTS: caFile,
      WEBHOOK_URL: variables['WEBHOOK_URL']!.replace('.svc/', `.svc:${port}/`),
    },
  };
  const withNames = ['--import', namesFile, ...command.slice(1), ...args];
  return new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(process.execPath, withNames, options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

const namesOfThisMachine = `
import dns from 'node:dns';
dns.lookup = (_name, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
`;

function find(kind: string, among = objects): KubernetesObject {
  return among.find((object) => object.kind === kind)!;
}

const folders: Readonly<Record<string, string>> = {
  Lease: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
  MutatingWebhookConfiguration: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  Secret: `/api/v1/namespaces/${namespace}/secrets`,
};

function pathOf({ kind, metadata }: KubernetesObject): string {
  return `${folders[kind]}/${metadata.name}`;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

function rulesOf(kind: string): readonly Rule[] {
  return (find(kind) as unknown as { rules: readonly Rule[] }).rules;
}

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
};

function isAllowed(call: string, { apiGroups, resources, resourceNames, verbs: allowed }: Rule): boolean {
  const [, method, group = '', resource, object] =
    /^(\w+) \/(?:api|apis\/([\w.]+))\/v1(?:\/namespaces\/assistant-proxy)?\/(\w+)(?:\/(.+))?$/.exec(call) ??
    [];
  return (
    apiGroups.includes(group) &&
    resources.includes(resource!) &&
    allowed.includes(verbs[method!]!) &&
    (resourceNames === undefined || resourceNames.includes(object!))
  );
}
