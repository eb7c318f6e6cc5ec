import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readMaterial, type Secret } from '../../../src/injector/certificates/material.ts';
import { until } from '../../injector/start-injector.ts';
import { chartFolder, identityOf, templateObjects, valuesCases } from '../chart/helm.ts';
import { createCustomResources, customGroups } from './custom-resources.ts';
import {
  configurationPath,
  installChart,
  leadToService,
  leasePath,
  release,
  runHelm,
  secretPath,
} from './install-chart.ts';
import { bundleIn, createNamespace, injectionLabel, podOf, statusOf, untilInjected } from './objects.ts';
import { spawnReady } from './spawn-injector.ts';
import { startCluster } from './start-cluster.ts';

const cluster = await startCluster({ after });
const { client } = cluster;
await createCustomResources(client);
await createNamespace(client, 'shop', injectionLabel);
await createNamespace(client, 'search', injectionLabel);

test('every object of every values file is taken by the API server, which refuses unknown and doubled fields', async () => {
  await createNamespace(client, release);
  let created = 0;
  for (const { name, file } of valuesCases) {
    for (const object of templateObjects({ files: [file] })) {
      const { status, body, warnings } = await client.tryCreate(object, { dryRun: true });
      assert.equal(status, 201, `${name}: ${identityOf(object)}: ${body.message}`);
      assert.deepEqual(warnings, [], `${name}: ${identityOf(object)}`);
      created += 1;
    }
  }
  assert.ok(created > 100, `${created} objects`);
  await client.remove(`/api/v1/namespaces/${release}`);
  await until('the namespace is gone', async () => {
    return (await client.send('GET', `/api/v1/namespaces/${release}`)).status === 404;
  });
});

test('helm install, upgrade and rollback: pods get sidecars all along, what the injectors have written stays, and helm uninstall leaves nothing', async (t) => {
  const [oldest] = globSync(join(import.meta.dirname, '../chart/upgrades/*.values.yaml')).toSorted();
  const installed = await installChart(t, cluster, [`--values=${oldest}`, '--set=namespaces={shop}']);
  assert.match(installed.printed, /kubectl label namespace shop assistant-proxy\.io\/injection=enabled/);
  await spawnReady(t, cluster, installed);
  await untilInjected(client, 'shop');
  const kept = async () => ({
    material: readMaterial((await client.get(secretPath)) as unknown as Secret),
    bundle: bundleIn(await client.get(configurationPath)),
  });
  const before = await kept();
  assert.ok(before.material && before.bundle !== '');
  const { spec: lease } = await client.get(leasePath);
  const config = '/api/v1/namespaces/shop/configmaps/assistant-proxy';
  const { data: firstData } = await client.get(config);

  const upgrade = ['upgrade', release, chartFolder, `--namespace=${release}`];
  const printed = runHelm(cluster, [
    ...upgrade,
    '--reuse-values',
    '--set=config.identity.org=acme',
    '--set=secret.apiKey=sk-of-a-test',
    '--set=sidecar.gracePeriodSeconds=40',
    '--set=injector.webhook.failurePolicy=Fail',
  ]);
  assert.match(printed, /REVISION: 2/);
  const { data } = await client.get(config);
  assert.notDeepEqual(data, firstData);
  assert.deepEqual(await kept(), before);
  await leadToService(cluster, installed.service.port);
  await untilInjected(client, 'shop');
  assert.equal(
    ((await client.get(leasePath))['spec'] as { holderIdentity: string }).holderIdentity,
    (lease as { holderIdentity: string }).holderIdentity,
  );
  assert.doesNotMatch(printed, /sk-of-a-test/);

  runHelm(cluster, ['rollback', release, '1', `--namespace=${release}`]);
  assert.deepEqual((await client.get(config))['data'], firstData);
  assert.deepEqual(await kept(), before);

  runHelm(cluster, ['uninstall', release, `--namespace=${release}`]);
  assert.equal((await client.send('GET', configurationPath)).status, 404);
  assert.equal((await client.send('GET', secretPath)).status, 404);
  assert.equal((await client.send('GET', config)).status, 404);
  assert.equal(statusOf(await client.create(podOf('shop'), { dryRun: true })), undefined);
});

test('helm installs and uninstalls with every values file, and nothing is left of it', async () => {
  for (const { name, file } of valuesCases) {
    const args = ['--namespace', release, '--create-namespace', '--values', file];
    const printed = runHelm(cluster, ['install', release, chartFolder, ...args]);
    assert.match(printed, /STATUS: deployed/, name);
    runHelm(cluster, ['uninstall', release, '--namespace', release]);
  }
  const left = await Promise.all(
    [
      ...customGroups,
      '/apis/apps/v1/deployments',
      '/api/v1/services',
      '/apis/rbac.authorization.k8s.io/v1/roles',
    ].map((path) => client.list(`${path}?labelSelector=app.kubernetes.io%2Fmanaged-by%3DHelm`)),
  );
  assert.deepEqual(left.flat(), []);
});
