import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inject } from '../../../src/injector/pods/inject.ts';
import { readPod } from '../../../src/injector/pods/pod-shape.ts';
import { settingsWith } from '../../injector/pods/cases.ts';
import { templateObjects, valuesCases } from './helm.ts';

interface Mount {
  readonly name: string;
  readonly mountPath: string;
}

interface PodSpec {
  readonly containers: readonly { readonly name: string; readonly volumeMounts?: readonly Mount[] }[];
}

interface Template {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

/** A mount with `subPath` stays as it was when the pod began. */
const folder = { mountPath: '/etc/assistant-proxy', readOnly: true };

test('an injected sidecar has its configuration as a folder, so that changes of the ConfigMap reach it', () => {
  const spec = { containers: [{ name: 'web', image: 'web:1' }] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec };
  const { patch } = inject(readPod(pod)!, 'shop', settingsWith());
  const added = patch.flatMap((operation) => ('value' in operation ? [operation.value].flat() : []));
  const mounts = added.flatMap((value) => (value as { volumeMounts?: readonly Mount[] }).volumeMounts ?? []);
  assert.deepEqual(configMounts(mounts), [{ name: 'assistant-proxy-config', ...folder }]);
});

for (const { name, title, file } of valuesCases) {
  test(`${name} (${title}): so does whatever the chart installs`, () => {
    for (const { spec } of deployments({ files: [file] })) {
      const mounts = spec.containers.flatMap(({ volumeMounts = [] }) => configMounts(volumeMounts));
      assert.deepEqual(
        mounts.map(({ name: _name, ...mount }) => mount),
        [folder],
      );
    }
  });
}

test('gateway and injector begin anew when their configuration is another one, each by its own', () => {
  const checksums = (...set: string[]) =>
    deployments({ set: ['gateway.enabled=true', 'gateway.replicas=1', ...keys, ...set] }).map(
      ({ metadata }) => metadata.annotations['checksum/config'],
    );
  const before = checksums();
  assert.equal(new Set(before).size, 2);
  const otherGateway = checksums('gateway.config.retry.maxAttempts=5');
  const otherInjector = checksums('injector.config.certificateDays=30');
  const changed = (after: typeof before) => after.map((checksum, index) => checksum !== before[index]);
  assert.deepEqual([changed(otherGateway), changed(otherInjector)].toSorted(), [
    [false, true],
    [true, false],
  ]);
});

const keys = [
  'secret.apiKey=sk-1',
  'gateway.callers.keys[0].name=search',
  'gateway.callers.keys[0].key=key-of-search-0123456789',
];

function configMounts(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.filter(({ mountPath }) => mountPath.startsWith('/etc/assistant-proxy'));
}

function deployments(render: Parameters<typeof templateObjects>[0]): Template[] {
  return templateObjects(render)
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ spec }) => (spec as { template: Template }).template);
}
