import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { startSidecar } from '../../harness/sidecar.ts';
import { startStandIn } from '../../stand-in/stand-in.ts';
import { type KubernetesObject, templateObjects } from './helm.ts';

const set = [
  'gateway.enabled=true',
  'gateway.replicas=1',
  'secret.apiKey=sk-stand-in',
  'gateway.callers.keys[0].name=search',
  'gateway.callers.keys[0].key=key-of-search-0123456789',
  'gateway.callers.keys[0].identity.team=discovery',
  'config.budgets[0].name=team-day',
  'config.budgets[0].per[0]=team',
  'config.budgets[0].limit.tokens=1000000',
  'config.budgets[0].window.every=day',
];

test('the gateway that the chart renders lets callers in with their keys and nobody else, and knows their team', async (t) => {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  const sidecar = await startGateway(t, templateObjects({ set }), standIn.url);
  const call = (key: string) =>
    fetch(`${sidecar.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] }),
    });
  assert.equal((await call('sk-stand-in')).status, 401);
  assert.equal((await call('key-of-search-0123456789')).status, 200);
  const scopes = (await sidecar.budgets()).map(({ scope }) => scope);
  assert.match(JSON.stringify(scopes), /discovery/);
});

/** With the container's own environment and mounts, but in a folder of the test's, and on free ports. */
function startGateway(t: TestContext, objects: readonly KubernetesObject[], upstreamUrl: string) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const here = (path: string) => path.replaceAll('/var/run/secrets/', `${folder}/var/run/secrets/`);
  const named = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === name)!;
  const { spec } = named('Deployment', 'assistant-proxy-gateway');
  const { containers, volumes } = (spec as { template: { spec: PodSpec } }).template.spec;
  const { env, volumeMounts } = containers[0];
  for (const { name, mountPath } of volumeMounts) {
    const secretName = volumes.find((volume) => volume.name === name)!.secret?.secretName;
    for (const [key, text] of Object.entries(secretName ? named('Secret', secretName).stringData! : {})) {
      const file = here(`${mountPath}/${key}`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
  const ownElsewhere = ['CONFIG', 'LISTEN_PORT', 'ADMIN_PORT', 'STORE_STATE_DIR'].map(
    (key) => `ASSISTANT_PROXY_${key}`,
  );
  const variables = env
    .filter(({ name }) => !ownElsewhere.includes(name))
    .map(({ name, value }) => [name, here(value ?? 'by the downward API')]);
  // Optional, and not in the Secret.
  const given = Object.fromEntries(variables.filter(([name]) => name !== 'REDIS_URL')) as Record<
    string,
    string
  >;
  const config = named('ConfigMap', 'assistant-proxy-gateway').data!['config.yaml']!;
  return startSidecar(t, { upstreamUrl, env: given, config: here(config) });
}

interface PodSpec {
  readonly containers: readonly [
    {
      readonly env: readonly { readonly name: string; readonly value?: string }[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
}
