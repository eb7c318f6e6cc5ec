import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, test } from 'node:test';

import { until } from '../../injector/start-injector.ts';
import type { StoredObject } from './cluster-client.ts';
import { configurationPath, installChart } from './install-chart.ts';
import {
  createNamespace,
  deploymentOf,
  injectionLabel,
  podOf,
  podOfApp,
  statusOf,
  untilInjected,
} from './objects.ts';
import { spawnReady } from './spawn-injector.ts';
import { startCluster } from './start-cluster.ts';

const cluster = await startCluster({ after });
const { client } = cluster;
const installed = await installChart({ after }, cluster);
await createNamespace(client, 'shop', injectionLabel);
await createNamespace(client, 'elsewhere');

async function setFailurePolicy(failurePolicy: string): Promise<void> {
  const { webhooks } = (await client.get(configurationPath)) as unknown as { webhooks: object[] };
  await client.patch(configurationPath, {
    webhooks: webhooks.map((webhook) => ({ ...webhook, failurePolicy })),
  });
}

const tried = () => client.tryCreate(podOf('shop', { name: 'tried' }), { dryRun: true });

test('with failurePolicy Ignore and the injector killed, pods start without a sidecar', async (t) => {
  const injector = await spawnReady(t, cluster, installed);
  await untilInjected(client, 'shop');
  await injector.end('SIGKILL');
  const { status, body } = await client.tryCreate(podOf('shop'));
  assert.equal(status, 201);
  assert.equal(statusOf(body), undefined);
  await client.create(deploymentOf('shop', 'ignored'));
  assert.equal(statusOf(await podOfApp(client, 'shop', 'ignored')), undefined);
});

test('with failurePolicy Fail and the injector killed, pods are refused by name of the webhook, and come with a sidecar once it is back', async (t) => {
  await setFailurePolicy('Fail');
  await until('the API server has heard', async () => (await tried()).status !== 201);
  const { status, body } = await tried();
  assert.equal(status, 500);
  assert.match(body.message!, /failed calling webhook "namespaces\.assistant-proxy\.io"/);
  await client.create(deploymentOf('shop', 'waiting'));
  const failures = () =>
    client.list('/api/v1/namespaces/shop/events?fieldSelector=reason%3DFailedCreate') as Promise<
      (StoredObject & { message: string })[]
    >;
  await until('the ReplicaSet says why', async () => (await failures()).length > 0);
  assert.match((await failures())[0]!.message, /failed calling webhook "namespaces\.assistant-proxy\.io"/);

  const others = [
    podOf('elsewhere'),
    podOf('shop', { name: 'out', annotations: { 'assistant-proxy.io/inject': 'false' } }),
    podOf('kube-system', { labels: { 'assistant-proxy.io/inject': 'true' } }),
    podOf('assistant-proxy', { labels: { 'assistant-proxy.io/inject': 'true' } }),
  ];
  for (const pod of others) {
    const answer = await client.tryCreate(pod, { dryRun: true });
    assert.equal(answer.status, 201, `${pod.metadata.namespace} need not wait for the injector`);
  }

  await spawnReady(t, cluster, installed);
  assert.equal(statusOf(await podOfApp(client, 'shop', 'waiting')), 'injected');
});

test('an injector that takes connections and never answers is given up on after the timeout of the configuration', async (t) => {
  installed.service.setTargets([]);
  await setFailurePolicy('Ignore');
  await until('the API server has heard', async () => (await tried()).status === 201);
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  let connections = 0;
  silent.on('connection', () => (connections += 1));
  installed.service.setTargets([(silent.address() as AddressInfo).port]);
  const { status, body } = await tried();
  assert.equal(status, 201);
  assert.equal(statusOf(body), undefined);
  assert.ok(connections > 0);
});
