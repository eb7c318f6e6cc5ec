import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { annotations } from '../../src/injector/pods/annotations.ts';
import type { Pod } from '../../src/injector/pods/pod-shape.ts';
import { kubernetesVersions, schemaProblems } from '../kubernetes/schema-problems.ts';
import { applied, cases, injectInto, outcomeOf, settingsWith } from './pods/cases.ts';
import { restrictedProblems } from './pods/restricted-problems.ts';

describe('what becomes of a pod is what stands beside it (else: node test/injector/pods/write-expected.ts)', () => {
  for (const each of cases) {
    test(`${each.name}: ${each.title}`, () => {
      assert.equal(outcomeOf(each), readFileSync(each.expectedFile, 'utf8'));
    });
  }
});

test('every pod, patched, has only fields that Kubernetes knows, in three minor versions', () => {
  for (const { name, pod } of cases) {
    for (const version of kubernetesVersions) {
      assert.deepEqual(schemaProblems(injectInto(pod).pod, version), [], `${name}, Kubernetes ${version}`);
    }
  }
});

test('every sidecar meets the restricted Pod Security Standard and has a read-only root', () => {
  for (const native of ['true', 'false']) {
    const settings = settingsWith({ ASSISTANT_PROXY_INJECTOR_NATIVE: native });
    const { spec } = injectInto(cases.find(({ name }) => name === 'deployment')!.pod, settings).pod as Pod;
    const sidecar = [...(spec.initContainers ?? []), ...spec.containers!].find(
      ({ name }) => name === 'assistant-proxy',
    );
    assert.deepEqual(restrictedProblems(sidecar!, spec.volumes!), []);
  }
});

test('a pod that has been patched is patched no more, and is not warned about again by the rules of ports and keys', () => {
  for (const { name, pod } of cases) {
    const first = injectInto(pod);
    const second = injectInto(first.pod);
    assert.deepEqual(second.patch, [], name);
    assert.equal(second.outcome, first.outcome, name);
  }
});

test('what another webhook adds after the first call is caught up on, and what it did to the sidecar stays', () => {
  const first = injectInto(cases.find(({ name }) => name === 'port-clash')!.pod).pod as Pod;
  const { spec } = first;
  const [sidecar] = spec.initContainers!;
  const changed = {
    ...first,
    spec: {
      ...spec,
      // As the service account's token and a mesh are added.
      initContainers: [
        { name: 'mesh-init', image: 'mesh:1' },
        { ...sidecar!, image: 'mirror.example/assistant-proxy:0.1.0', terminationMessagePath: '/dev/log' },
      ],
      containers: [...spec.containers!, { name: 'late', image: 'late:1' }],
      volumes: spec.volumes!.filter(({ name }) => name !== 'assistant-proxy-state'),
    },
  };
  const { patch, outcome } = injectInto(changed);
  assert.equal(outcome, 'injected');
  assert.deepEqual(
    patch.map(({ path }) => path),
    ['/spec/initContainers/0/env', '/spec/containers/2/env', '/spec/volumes/-'],
  );
  const again = applied(changed, patch) as Pod;
  assert.equal(again.spec.containers![2]!.env![0]!.value, 'http://127.0.0.1:8082/v1');
  assert.deepEqual(again.spec.initContainers![1], changed.spec.initContainers[1]);
});

test('a request above a limit that the pod did not write takes the limit along, and the other way round', () => {
  const resourcesOf = (written: Record<string, string>) => {
    const prefixed = Object.entries(written).map(([key, value]) => [`assistant-proxy.io/${key}`, value]);
    const pod = {
      ...bare,
      metadata: { ...bare.metadata, annotations: Object.fromEntries(prefixed) as object },
    };
    const { spec } = injectInto(pod).pod as Pod;
    return (spec.initContainers![0] as { resources?: object }).resources;
  };
  assert.deepEqual(resourcesOf({ 'memory-request': '2Gi' }), {
    requests: { cpu: '100m', memory: '2Gi' },
    limits: { memory: '2Gi' },
  });
  assert.deepEqual(resourcesOf({ 'memory-limit': '100M', 'cpu-limit': '0.05' }), {
    requests: { cpu: '0.05', memory: '100M' },
    limits: { cpu: '0.05', memory: '100M' },
  });
});

test('pods of system namespaces, and of those that the configuration does not list, are left alone', () => {
  const listed = { ...settingsWith(), namespaces: ['shop', 'search'] };
  assert.equal(injectInto(bare, listed, 'search').outcome, 'injected');
  for (const [settings, namespace] of [
    [listed, 'kitchen'],
    [settingsWith(), 'kube-system'],
  ] as const) {
    const { outcome, patch, warnings } = injectInto(bare, settings, namespace);
    assert.deepEqual([outcome, patch, warnings], ['left', [], []]);
  }
});

test('the sidecar never goes without an identity, which its configuration may ask for', () => {
  const { spec } = injectInto({ ...bare, metadata: { name: 'web', labels: { app: '' } } }).pod as Pod;
  const env = spec.initContainers![0]!.env!;
  assert.equal(env.find(({ name }) => name === 'APP')!.value, 'web');
  assert.ok(JSON.stringify(env.find(({ name }) => name === 'TEAM')).includes('metadata.namespace'));
});

test("a Secret's entries become variables of the sidecar and of no other container, in pods that do not say otherwise", () => {
  const settings = settingsWith({ ASSISTANT_PROXY_INJECTOR_ENV_SECRET: 'common-env' });
  const containersOf = (annotations: object, used = settings) => {
    const pod = {
      ...bare,
      metadata: { name: 'web', annotations },
      spec: { ...bare.spec, initContainers: [{ name: 'migrate', image: 'web:1' }] },
    };
    const { spec } = injectInto(pod, used).pod as Pod;
    return [...spec.initContainers!, ...spec.containers!] as { name: string; envFrom?: object[] }[];
  };
  for (const [annotations, used, secret] of [
    [{}, settings, 'common-env'],
    [{ 'assistant-proxy.io/env-secret': 'own-env' }, settings, 'own-env'],
    [{ 'assistant-proxy.io/env-secret': 'own-env' }, settingsWith(), 'own-env'],
    [{ 'assistant-proxy.io/env-secret': '' }, settings, undefined],
    [{}, settingsWith(), undefined],
  ] as const) {
    const [sidecar, ...application] = containersOf(annotations, used);
    assert.equal(sidecar!.name, 'assistant-proxy');
    // Not optional: a pod waits for it.
    assert.deepEqual(sidecar!.envFrom, secret && [{ secretRef: { name: secret } }]);
    assert.equal(application.length, 2);
    assert.ok(!JSON.stringify(application).includes('envFrom'));
  }
});

test('every annotation is read: a wrong value of any that can be wrong is told by its name', () => {
  const free = new Set(['status']);
  for (const name of Object.keys(annotations).filter((each) => !free.has(each))) {
    const pod = {
      ...bare,
      metadata: { name: 'web', annotations: { [`assistant-proxy.io/${name}`]: '{ no\n' } },
    };
    const { outcome, reason } = injectInto(pod);
    assert.equal(outcome, 'failed', name);
    assert.ok(reason.includes(`assistant-proxy.io/${name} `), reason);
    assert.ok(!reason.includes('{ no'), reason);
  }
});

const bare = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
};
