import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';

import { readMaterial, type Secret } from '../../../src/injector/certificates/material.ts';
import { until } from '../../injector/start-injector.ts';
import { configurationPath, installChart, leasePath, secretPath } from './install-chart.ts';
import { bundleIn, createNamespace, injectionLabel, podOf, statusOf, untilInjected } from './objects.ts';
import { type SpawnedInjector, spawnInjector } from './spawn-injector.ts';
import { startCluster } from './start-cluster.ts';

const cluster = await startCluster({ after });
const { client } = cluster;
const installed = await installChart({ after }, cluster);
await createNamespace(client, 'shop', injectionLabel);

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseTransitions?: number;
}

const lease = async () => (await client.get(leasePath))['spec'] as LeaseSpec;

async function spawnAndWait(t: TestContext): Promise<SpawnedInjector> {
  const injector = await spawnInjector(t, cluster, installed);
  await until('ready', async () => (await injector.readiness()) === '200');
  return injector;
}

async function leadTo(injectors: readonly SpawnedInjector[]): Promise<void> {
  installed.service.setTargets(injectors.map(({ port }) => port));
  await installed.service.endConnections();
}

async function assertInjects(): Promise<void> {
  const { status, body } = await client.tryCreate(podOf('shop'), { dryRun: true });
  assert.equal(status, 201, body.message);
  assert.equal(statusOf(body), 'injected');
}

test('three injectors that start at once agree on one certificate, and the API server trusts whichever it calls', async (t) => {
  const injectors = await Promise.all([spawnAndWait(t), spawnAndWait(t), spawnAndWait(t)]);
  await leadTo(injectors);
  await untilInjected(client, 'shop');
  for (const injector of injectors) {
    await leadTo([injector]);
    await assertInjects();
  }
  const { authorities } = readMaterial((await client.get(secretPath)) as unknown as Secret)!;
  assert.equal(authorities.length, 1);
  assert.ok((await lease()).holderIdentity);
  for (const injector of injectors) assert.equal(await injector.end('SIGTERM'), 0, injector.output());
  assert.equal((await lease()).holderIdentity, undefined, 'who led has let go of it');
});

test('after kill -9 of the leader the other goes on serving, leads once the Lease has lapsed, and mends what is broken', async (t) => {
  const leader = await spawnAndWait(t);
  const { holderIdentity: first, leaseTransitions: transitions = 0 } = await lease();
  assert.ok(first);
  const other = await spawnAndWait(t);
  assert.equal((await lease()).holderIdentity, first);
  await leadTo([leader, other]);
  await untilInjected(client, 'shop');

  await leader.end('SIGKILL');
  await leadTo([other]);
  await assertInjects();
  await takeBundlesAway();
  const isTaken = async () => (await lease()).holderIdentity !== first;
  await until('the other leads', isTaken, 90_000);
  assert.equal((await lease()).leaseTransitions, transitions + 1);
  await until('the bundle is back', async () => bundleIn(await client.get(configurationPath)) !== '');
  await untilInjected(client, 'shop');
});

async function takeBundlesAway(): Promise<void> {
  const { webhooks } = (await client.get(configurationPath)) as unknown as {
    webhooks: { clientConfig: object }[];
  };
  await client.patch(configurationPath, {
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle: null },
    })),
  });
}
