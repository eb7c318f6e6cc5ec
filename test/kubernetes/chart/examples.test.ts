import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parseAllDocuments } from 'yaml';

import { inject } from '../../../src/injector/pods/inject.ts';
import { type Container, readPod } from '../../../src/injector/pods/pod-shape.ts';
import { settingsWith } from '../../injector/pods/cases.ts';
import { restrictedProblems } from '../../injector/pods/restricted-problems.ts';
import { kubernetesVersions, schemaProblems } from '../schema-problems.ts';
import { type KubernetesObject, templateText } from './helm.ts';
import { assembleOwnChart, examplesFolder } from './own-chart.ts';

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly object[];
  };
}

const heading = `# Without the injector: the sidecar is written out. It needs a ConfigMap assistant-proxy with config.yaml, and a Secret
# assistant-proxy with api-key. Made from own-chart/templates: UPDATE_GOLDEN=1 node --test test/kubernetes/chart/examples.test.ts
`;

describe('the plain examples', () => {
  const plainFiles = () => readdirSync(examplesFolder).filter((file) => file.endsWith('.yaml'));

  test('are what the example of an own chart renders (else: UPDATE_GOLDEN=1 node --test test/kubernetes/chart/examples.test.ts)', (t) => {
    const rendered = documentsByFile(templateText({ chart: assembleOwnChart(t) }));
    rendered.set(
      'stateful-set.yaml',
      `${rendered.get('service.yaml')!}---\n${rendered.get('stateful-set.yaml')!}`,
    );
    rendered.delete('service.yaml');
    for (const [file, text] of rendered) {
      const path = join(examplesFolder, file);
      if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(path, heading + text);
      assert.equal(readFileSync(path, 'utf8'), heading + text, file);
    }
    assert.deepEqual([...rendered.keys(), 'redis.yaml'].toSorted(), plainFiles().toSorted());
  });

  test('have only fields that Kubernetes knows, in three minor versions', () => {
    const objects = plainFiles().flatMap((file) => objectsOf(file));
    assert.equal(objects.length, 8);
    for (const version of kubernetesVersions) {
      for (const object of objects) assert.deepEqual(schemaProblems(object, version), [], object.kind);
    }
  });

  test('have containers of ours that meet the restricted Pod Security Standard', () => {
    for (const file of plainFiles()) {
      const { spec } = podTemplateOf(file);
      const ours = [...(spec.initContainers ?? []), ...spec.containers].filter(({ name }) =>
        ['assistant-proxy', 'redis'].includes(name),
      );
      assert.equal(ours.length, 1, file);
      assert.deepEqual(restrictedProblems(ours[0]!, spec.volumes ?? []), [], file);
    }
  });

  for (const file of ['deployment.yaml', 'job.yaml', 'cron-job.yaml', 'stateful-set.yaml']) {
    test(`${file} is to the letter what the injector would make of it without the sidecar`, () => {
      const { metadata, spec } = podTemplateOf(file);
      const bare = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { labels: metadata.labels },
        spec: {
          ...spec,
          initContainers: [],
          volumes: [],
          containers: spec.containers.map(({ env: _env, ...container }) => container),
        },
      };
      const { patch, outcome } = inject(readPod(bare)!, 'shop', settingsWith());
      assert.equal(outcome, 'injected');
      const added = (path: string) =>
        patch
          .filter((operation) => operation.path === path)
          .map((operation) => 'value' in operation && operation.value);
      assert.deepEqual(spec.initContainers, added('/spec/initContainers/0'));
      assert.deepEqual(spec.volumes, added('/spec/volumes/-'));
      assert.deepEqual([spec.containers[0]!.env], added('/spec/containers/0/env'));
    });
  }

  function objectsOf(file: string): KubernetesObject[] {
    const text = readFileSync(join(examplesFolder, file), 'utf8');
    return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
  }

  function podTemplateOf(file: string): PodTemplate {
    const templates = objectsOf(file).map(({ spec }) => {
      const { template, jobTemplate } = spec as { template?: PodTemplate; jobTemplate?: object };
      return template ?? (jobTemplate as { spec: { template: PodTemplate } } | undefined)?.spec.template;
    });
    return templates.find((template) => template !== undefined)!;
  }
});

/** By the template that they are from. */
function documentsByFile(text: string): Map<string, string> {
  const parts = text.split(/^---\n# Source: shop\/templates\/(.+)\n/m).slice(1);
  const files = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2)
    files.set(parts[index]!, `${parts[index + 1]!.trim()}\n`);
  return files;
}
