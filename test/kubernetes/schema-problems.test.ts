import assert from 'node:assert/strict';
import { test } from 'node:test';

import { kubernetesVersions, schemaProblems } from './schema-problems.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: {
    containers: [{ name: 'web', resources: { limits: { cpu: '100m' } }, ports: [{ containerPort: 80 }] }],
  },
};

test('there are schemas of three minor versions, one after another', () => {
  const minors = kubernetesVersions.map((version) => Number(version.split('.')[1]));
  assert.ok(minors.length >= 3, kubernetesVersions.join());
  assert.deepEqual(
    minors,
    minors.map((_, index) => minors[0]! + index),
  );
});

test('a sound pod passes; an unknown field, a wrong type and a missing name are found at any depth', () => {
  for (const version of kubernetesVersions) {
    assert.deepEqual(schemaProblems(pod, version), []);
    const [container] = pod.spec.containers;
    const wrong: [object, string][] = [
      [{ ...pod, spec: { ...pod.spec, hostNetwerk: true } }, 'hostNetwerk'],
      [
        { ...pod, spec: { containers: [{ ...container, ports: [{ containerPort: '80' }] }] } },
        'containerPort',
      ],
      [{ ...pod, spec: { containers: [{ image: 'web:1' }] } }, '/spec/containers/0'],
      [
        { ...pod, spec: { containers: [{ ...container, resources: { limits: { cpu: 'much' } } }] } },
        'limits/cpu',
      ],
      [{ ...pod, kind: 'Pood' }, 'v1/Pood'],
    ];
    for (const [object, where] of wrong) {
      const problems = schemaProblems(object, version);
      assert.ok(
        problems.some((problem) => problem.includes(where)),
        `${where}: ${problems.join()}`,
      );
    }
  }
});
