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
    const wrong = [
      { ...pod, spec: { ...pod.spec, hostNetwerk: true } },
      { ...pod, spec: { containers: [{ ...container, ports: [{ containerPort: '80' }] }] } },
      { ...pod, spec: { containers: [{ ...container, name: undefined }] } },
      { ...pod, spec: { containers: [{ ...container, resources: { limits: { cpu: 'much' } } }] } },
      { ...pod, kind: 'Pood' },
    ];
    for (const object of wrong) {
      assert.equal(
        schemaProblems(JSON.parse(JSON.stringify(object)), version).length,
        1,
        JSON.stringify(object),
      );
    }
  }
});
