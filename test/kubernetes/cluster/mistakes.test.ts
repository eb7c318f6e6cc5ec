import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { until } from '../../injector/start-injector.ts';
import type { StoredObject } from './cluster-client.ts';
import { installChart } from './install-chart.ts';
import {
  createNamespace,
  deploymentOf,
  injectionLabel,
  podOf,
  podOfApp,
  statusOf,
  templateOf,
  untilInjected,
} from './objects.ts';
import { spawnReady } from './spawn-injector.ts';
import { startCluster } from './start-cluster.ts';

const cluster = await startCluster({ after });
const { client } = cluster;
const installed = await installChart({ after }, cluster);
const lenient = await spawnReady({ after }, cluster, installed);
const strict = await spawnReady({ after }, cluster, installed, { ASSISTANT_PROXY_INJECTOR_ON_ERROR: 'deny' });
installed.service.setTargets([lenient.port]);
await createNamespace(client, 'shop', injectionLabel);
await untilInjected(client, 'shop');

const mistaken = { 'assistant-proxy.io/port': 'eighty', 'assistant-proxy.io/nativ': 'true' };
const template = (name: string) => templateOf(name, mistaken);

async function eventsOf(kind: string, prefix: string, reason: string): Promise<StoredObject[]> {
  const selector = encodeURIComponent(`involvedObject.kind=${kind},reason=${reason}`);
  const events = await client.list(`/api/v1/namespaces/shop/events?fieldSelector=${selector}`);
  return events.filter(({ involvedObject }) => (involvedObject as { name: string }).name.startsWith(prefix));
}

test('with onError ignore, a pod with wrong annotations starts without a sidecar; kubectl warns, and an Event on the ReplicaSet says why', async () => {
  const { status, body, warnings } = await client.tryCreate(podOf('shop', { annotations: mistaken }));
  assert.equal(status, 201);
  assert.match(statusOf(body)!, /^skipped: assistant-proxy\.io\/port must be an integer/);
  assert.match(
    warnings.join('\n'),
    /assistant-proxy: no sidecar: assistant-proxy\.io\/port must be an integer/,
  );
  assert.match(warnings.join('\n'), /assistant-proxy\.io\/nativ is unknown; did you mean native/);

  await client.create(deploymentOf('shop', 'lenient', template('lenient')));
  const pod = await podOfApp(client, 'shop', 'lenient');
  assert.equal(pod.spec.initContainers, undefined);
  await until('an Event', async () => (await eventsOf('ReplicaSet', 'lenient-', 'NoSidecar')).length === 1);
  const [event] = await eventsOf('ReplicaSet', 'lenient-', 'NoSidecar');
  assert.match(
    event!['message'] as string,
    /^A pod starts without a sidecar: assistant-proxy\.io\/port must be/,
  );
  assert.equal(event!['type'], 'Warning');
});

test('where a person made the pod, the Event is on the pod itself', async () => {
  await until('an Event', async () => (await eventsOf('Pod', 'web', 'NoSidecar')).length === 1);
});

test('a dry run warns the same, and leaves no Event', async () => {
  const pod = podOf('shop', { name: 'tried', annotations: mistaken });
  const { warnings } = await client.tryCreate(pod, { dryRun: true });
  assert.match(warnings.join('\n'), /no sidecar/);
  await client.tryCreate({ ...pod, metadata: { ...pod.metadata, name: 'later' } });
  await until('that of the other', async () => (await eventsOf('Pod', 'later', 'NoSidecar')).length === 1);
  assert.deepEqual(await eventsOf('Pod', 'tried', 'NoSidecar'), []);
});

test('with onError deny, it is refused with all that is wrong; the ReplicaSet says so itself, and an Event of the injector does', async () => {
  installed.service.setTargets([strict.port]);
  // The API server keeps its connections: those to the other one go on until that ends.
  await lenient.end('SIGTERM');
  const { status, body } = await client.tryCreate(podOf('shop', { name: 'refused', annotations: mistaken }));
  assert.equal(status, 422);
  assert.match(
    body.message!,
    /denied the request: assistant-proxy: assistant-proxy\.io\/port must be an integer/,
  );
  await client.create(deploymentOf('shop', 'strict', template('strict')));
  for (const reason of ['FailedCreate', 'PodRefused']) {
    await until(reason, async () => (await eventsOf('ReplicaSet', 'strict-', reason)).length > 0);
    const [event] = await eventsOf('ReplicaSet', 'strict-', reason);
    assert.match(event!['message'] as string, /assistant-proxy\.io\/port must be an integer/);
  }
  const pods = await client.list('/api/v1/namespaces/shop/pods?labelSelector=app%3Dstrict');
  assert.deepEqual(pods, []);
});
