import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { parse } from 'yaml';

import { cases, outcomeOf } from '../../injector/pods/cases.ts';
import { until } from '../../injector/start-injector.ts';
import { injectorName, installChart, release } from './install-chart.ts';
import {
  baseUrlOf,
  createNamespace,
  deploymentOf,
  injectionLabel,
  podOf,
  podOfApp,
  statusOf,
  type StoredPod,
  templateOf,
  untilInjected,
} from './objects.ts';
import { startSecondWebhook } from './second-webhook.ts';
import { spawnReady } from './spawn-injector.ts';
import { startCluster } from './start-cluster.ts';

const cluster = await startCluster({ after });
const { client } = cluster;
const installed = await installChart({ after }, cluster);
await spawnReady({ after }, cluster, installed);
await createNamespace(client, 'shop', injectionLabel);
await createNamespace(client, 'elsewhere');
await untilInjected(client, 'shop');

function assertInjected(pod: StoredPod, what: string): void {
  assert.equal(statusOf(pod), 'injected', what);
  const [sidecar] = pod.spec.initContainers!;
  assert.equal(sidecar!.name, 'assistant-proxy', what);
  assert.equal(sidecar!.restartPolicy, 'Always', what);
  assert.equal(sidecar!.image, 'assistant-proxy:0.1.0', what);
  const applications = [...pod.spec.initContainers!.slice(1), ...pod.spec.containers];
  for (const container of applications) {
    assert.equal(baseUrlOf(container), 'http://127.0.0.1:8080/v1', `${what}: ${container.name}`);
  }
}

test('pods of a Deployment, StatefulSet, Job and CronJob get a native sidecar, before their own init containers', async () => {
  const metadata = (name: string) => ({ name, namespace: 'shop' });
  const withInit = templateOf('web', {}, { initContainers: [{ name: 'migrate', image: 'migrate:1' }] });
  const ending = (name: string) => ({ template: templateOf(name, {}, { restartPolicy: 'Never' }) });
  await client.create(deploymentOf('shop', 'web', withInit));
  await client.create({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata('store'),
    spec: {
      serviceName: 'store',
      selector: { matchLabels: { app: 'store' } },
      template: templateOf('store'),
    },
  });
  await client.create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata('once'),
    spec: ending('once'),
  });
  await client.create({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadata('nightly'),
    spec: { schedule: '* * * * *', jobTemplate: { spec: ending('nightly') } },
  });
  // Else it would be a minute.
  await client.patch('/apis/batch/v1/namespaces/shop/cronjobs/nightly/status', {
    status: { lastScheduleTime: new Date(Date.now() - 120_000).toISOString() },
  });
  for (const app of ['web', 'store', 'once', 'nightly']) {
    const pod = await podOfApp(client, 'shop', app);
    assertInjected(pod, app);
    if (app === 'web') {
      assert.deepEqual(
        pod.spec.initContainers!.map(({ name }) => name),
        ['assistant-proxy', 'migrate'],
      );
    }
  }
});

test('a pod without the label on its namespace is untouched, unless it asks; one that says no is left alone', async () => {
  const untouched = (await client.create(podOf('elsewhere'))) as StoredPod;
  assert.equal(statusOf(untouched), undefined);
  assert.equal(untouched.spec.initContainers, undefined);
  const asks = podOf('elsewhere', { name: 'asks', labels: { 'assistant-proxy.io/inject': 'true' } });
  assertInjected((await client.create(asks)) as StoredPod, 'asks');
  const refuses = { 'assistant-proxy.io/inject': 'false' };
  for (const pod of [
    podOf('shop', { name: 'labelled', labels: refuses }),
    podOf('shop', { name: 'annotated', annotations: refuses }),
  ]) {
    const stored = (await client.create(pod)) as StoredPod;
    assert.equal(statusOf(stored), undefined);
    assert.deepEqual(stored.spec.containers[0]!.env, undefined);
  }
});

test('pods of the chart and of the cluster itself are left alone, whatever their labels', async () => {
  const labels = { 'assistant-proxy.io/inject': 'true' };
  for (const namespace of ['assistant-proxy', 'kube-system', 'kube-public']) {
    const pod = (await client.create(podOf(namespace, { labels }), { dryRun: true })) as StoredPod;
    assert.equal(statusOf(pod), undefined, namespace);
  }
});

test('a namespace that enforces the restricted Pod Security Standard lets the pod in with its sidecar', async () => {
  await createNamespace(client, 'strict', {
    ...injectionLabel,
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  });
  const lenient = await client.tryCreate(podOf('strict'));
  assert.equal(lenient.status, 403);
  assert.doesNotMatch(
    lenient.body.message!,
    /assistant-proxy"/,
    'the sidecar itself must not be what is refused',
  );
  const security = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'web',
        image: 'web:1',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  };
  for (const native of ['true', 'false']) {
    const annotations = { 'assistant-proxy.io/native': native };
    const pod = podOf('strict', { name: `native-${native}`, annotations, spec: security });
    const { status, body, warnings } = await client.tryCreate(pod);
    assert.equal(status, 201, body.message);
    assert.equal(statusOf(body), 'injected');
    assert.deepEqual(warnings, []);
  }
});

test("the service account's token is where it was, and in the sidecar, too; the key is in the sidecar alone", async () => {
  const pod = (await client.create(podOf('shop', { name: 'mounts' }))) as StoredPod;
  const mountsOf = ({ volumeMounts = [] }: StoredPod['spec']['containers'][number]) =>
    volumeMounts.map(({ mountPath }) => mountPath);
  const tokenFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
  assert.deepEqual(mountsOf(pod.spec.containers[0]!), [tokenFolder]);
  assert.deepEqual(mountsOf(pod.spec.initContainers![0]!), [
    '/etc/assistant-proxy',
    '/var/run/secrets/assistant-proxy',
    '/var/lib/assistant-proxy',
    tokenFolder,
  ]);
});

test('a webhook that comes later and adds a container: the injector is asked again, and points that one at the sidecar, too', async (t) => {
  await createNamespace(client, 'meshed', { ...injectionLabel, mesh: 'enabled' });
  const second = await startSecondWebhook(t, client, {
    namespaceLabels: { mesh: 'enabled' },
    patch: [{ op: 'add', path: '/spec/containers/-', value: { name: 'mesh', image: 'mesh:1' } }],
  });
  let pod: StoredPod | undefined;
  await until('the second webhook is asked', async () => {
    pod = (await client.create(podOf('meshed'), { dryRun: true })) as StoredPod;
    return second.calls() > 0;
  });
  assert.deepEqual(
    pod!.spec.containers.map(({ name }) => name),
    ['web', 'mesh'],
  );
  assertInjected(pod!, 'meshed');
  assert.equal(pod!.spec.initContainers!.length, 1);
});

function sidecarOf({ spec }: StoredPod) {
  return [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === 'assistant-proxy');
}

test('every pod of the golden files becomes in the API server what the file says, and no field of it is unknown', async () => {
  let tried = 0;
  for (const each of cases) {
    const expected = parse(outcomeOf(each)) as { pod: { metadata: object; spec: StoredPod['spec'] } };
    const pod = each.pod as { metadata: object };
    const named = { ...pod.metadata, name: `golden-${each.name}`, namespace: 'shop', ownerReferences: [] };
    const { status, body } = await client.tryCreate({ ...pod, metadata: named }, { dryRun: true });
    assert.equal(status, 201, `${each.name}: ${body.message}`);
    const stored = body as unknown as StoredPod;
    const wanted = expected.pod as unknown as StoredPod;
    assert.equal(statusOf(stored), statusOf(wanted), each.name);
    const names = (list: readonly { name: string }[] = []) => list.map(({ name }) => name);
    assert.deepEqual(names(stored.spec.initContainers), names(wanted.spec.initContainers), each.name);
    assert.deepEqual(names(stored.spec.containers), names(wanted.spec.containers), each.name);
    assert.deepEqual(stored.spec.containers.map(baseUrlOf), wanted.spec.containers.map(baseUrlOf), each.name);
    const sidecar = sidecarOf(wanted);
    // What the API server does not know is dropped, and defaults are added.
    if (sidecar) assert.partialDeepStrictEqual(sidecarOf(stored), sidecar, each.name);
    tried += 1;
  }
  assert.equal(tried, cases.length);
});

test('the service account may do what the injector does, and no more', async () => {
  const own = { namespace: release, group: '', resource: 'secrets', name: `${injectorName}-tls` };
  const lease = { ...own, group: 'coordination.k8s.io', resource: 'leases', name: injectorName };
  const configuration = {
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    name: injectorName,
  };
  const expected: [object, readonly string[]][] = [
    [own, ['get', 'update']],
    [lease, ['get', 'update']],
    [configuration, ['get', 'patch']],
    [{ namespace: 'shop', resource: 'events' }, ['create']],
    [{ ...own, name: 'another' }, []],
    [{ ...own, name: undefined }, []],
    [{ ...own, namespace: 'shop', name: 'assistant-proxy' }, []],
    [{ ...configuration, name: 'another' }, []],
    [{ namespace: 'shop', resource: 'pods' }, []],
    [{ namespace: 'shop', resource: 'configmaps' }, []],
  ];
  for (const [resourceAttributes, may] of expected) {
    for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']) {
      const { status } = await client.create({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: {
          user: `system:serviceaccount:${release}:${injectorName}`,
          groups: ['system:serviceaccounts', 'system:authenticated'],
          resourceAttributes: { ...resourceAttributes, verb },
        },
      });
      const what = `${verb} ${JSON.stringify(resourceAttributes)}`;
      assert.equal((status as { allowed: boolean }).allowed, may.includes(verb), what);
    }
  }
});
