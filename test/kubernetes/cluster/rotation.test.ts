import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { readMaterial, type Secret } from '../../../src/injector/certificates/material.ts';
import { agedMaterial } from '../../injector/certificates/aged-material.ts';
import { startInjector, until } from '../../injector/start-injector.ts';
import { configurationPath, injectorName, installChart, release, secretPath } from './install-chart.ts';
import { bundleIn, createNamespace, injectionLabel, podOf, statusOf, untilInjected } from './objects.ts';
import { startCluster } from './start-cluster.ts';

const cluster = await startCluster({ after });
const { client } = cluster;
const installed = await installChart({ after }, cluster, ['--set=injector.webhook.failurePolicy=Fail']);
await createNamespace(client, 'shop', injectionLabel);

test('while authority and certificate of two injectors are rotated, every pod that the API server is asked for gets a sidecar', async (t) => {
  const aged = await agedMaterial({ namespace: release });
  await client.patch(secretPath, { data: aged.data });
  const api = { url: cluster.url, serviceAccountDir: installed.serviceAccountDir };
  const env = { ASSISTANT_PROXY_INJECTOR_NAME: injectorName };
  // Time enough to see pods under the old authority, both, and the new one.
  const timing = { refreshMs: 200, settleMs: 4000, env };
  const injectors = [await startInjector(t, api, timing), await startInjector(t, api, timing)];
  for (const injector of injectors) {
    await until('ready', async () => (await injector.readiness()) === '200');
  }
  installed.service.setTargets(injectors.map(({ port }) => port));
  await untilInjected(client, 'shop');
  const material = async () => readMaterial((await client.get(secretPath)) as unknown as Secret)!;
  const first = new X509Certificate(readMaterial(aged)!.serving.certificate).fingerprint256;
  const served = async () => new X509Certificate((await material()).serving.certificate).fingerprint256;

  let pods = 0;
  const over = new AbortController();
  const askFor = async (durationMs: number) => {
    const startedAtMs = performance.now();
    while (performance.now() - startedAtMs < durationMs) {
      const pod = podOf('shop', { name: `web-${pods}` });
      const { status, body } = await client.tryCreate(pod, { dryRun: true });
      assert.equal(status, 201, body.message);
      assert.equal(statusOf(body), 'injected');
      pods += 1;
      await sleep(5);
    }
  };
  const asking = (async () => {
    while (!over.signal.aborted) {
      await Promise.all([askFor(300), askFor(300), askFor(300)]);
      // Else the API server would stay on connections that know one certificate.
      installed.service.breakConnections();
      await sleep(100);
    }
  })();
  const rotating = (async () => {
    await until('two authorities are trusted', async () => (await material()).authorities.length === 2);
    await until('another certificate', async () => (await served()) !== first);
    await sleep(1500);
  })().finally(() => over.abort());
  await Promise.all([asking, rotating]);
  assert.ok(pods > 100, `${pods} pods`);
  t.diagnostic(`${pods} pods, none of them refused`);

  const { authorities, serving } = await material();
  const bundle = Buffer.from(bundleIn(await client.get(configurationPath)), 'base64').toString();
  for (const authority of authorities) assert.ok(bundle.includes(authority.trim()));
  assert.ok(new X509Certificate(serving.certificate).verify(new X509Certificate(authorities[0]!).publicKey));
});

test('a bundle and a Secret that somebody emptied are made anew, and pods get sidecars again', async (t) => {
  const api = { url: cluster.url, serviceAccountDir: installed.serviceAccountDir };
  const injector = await startInjector(t, api);
  await until('ready', async () => (await injector.readiness()) === '200');
  installed.service.setTargets([injector.port]);
  const { certificate } = readMaterial((await client.get(secretPath)) as unknown as Secret)!.serving;
  const data = { 'ca.crt': null, 'ca.key': null, 'tls.crt': null, 'tls.key': null };
  await client.patch(secretPath, { data });
  await until('the Secret is whole', async () => {
    const now = readMaterial((await client.get(secretPath)) as unknown as Secret);
    return now !== undefined && now.serving.certificate !== certificate;
  });
  installed.service.breakConnections();
  await untilInjected(client, 'shop');
});
