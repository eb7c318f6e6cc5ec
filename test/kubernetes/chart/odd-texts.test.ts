import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parseAllDocuments } from 'yaml';

import { kubernetesVersions, schemaProblems } from '../schema-problems.ts';
import { identityOf, type KubernetesObject, templateObjects, templateText } from './helm.ts';

/** Texts that YAML takes for numbers unless they are quoted. */
const numbers = {
  nameOverride: '0',
  fullnameOverride: '77',
  commonLabels: { 12: '1e3' },
  namespaces: ['4711', { name: '1e3', redisUrl: 'redis://redis' }],
  secret: { apiKey: '1', redisUrl: '2' },
  sidecar: { configMap: '3', secret: '4', envSecret: '11' },
  injector: {
    serviceAccount: { name: '5' },
    priorityClassName: '6',
    podLabels: { 13: '7' },
    certificates: { source: 'secret', secretName: '8', caBundle: '-----BEGIN CERTIFICATE-----' },
  },
  gateway: {
    enabled: true,
    existingSecret: '9',
    envSecret: '14',
    serviceAccount: { name: '10' },
    callers: { keys: [{ name: '1e3', key: '0123456789012345' }] },
  },
  monitoring: { podMonitor: { enabled: true, namespaces: ['4711'] }, prometheusRule: { enabled: true } },
};

describe('of a release 123 in the namespace 4711, whose every name is a number', () => {
  for (const version of kubernetesVersions) {
    test(`Kubernetes ${version} finds no number where it wants a text`, () => {
      const given = [numbers, { ...numbers, injector: {}, fullnameOverride: '' }];
      for (const object of given.flatMap((values) => render(values))) {
        assert.deepEqual(schemaProblems(object, version), [], identityOf(object));
        for (const value of Object.values(object.metadata.labels)) assert.equal(typeof value, 'string');
      }
    });
  }

  test('a caller keeps its name', () => {
    const secret = render(numbers).find(({ metadata }) => metadata.name === '77-gateway-callers')!;
    assert.deepEqual(secret.stringData, { '1e3': '0123456789012345' });
  });
});

describe('labels for everything', () => {
  const set = ['commonLabels.app\\.kubernetes\\.io/part-of=shop', 'commonLabels.team=search'];

  test('take the place of the chart’s own, and no label stands there twice', () => {
    const documents = parseAllDocuments(templateText({ set }));
    assert.deepEqual(
      documents.flatMap(({ errors }) => errors),
      [],
    );
    const objects = templateObjects({ set });
    assert.ok(objects.length > 10);
    for (const object of objects) {
      const { labels } = object.metadata;
      assert.equal(labels['app.kubernetes.io/part-of'], 'shop', identityOf(object));
      assert.equal(labels['team'], 'search', identityOf(object));
    }
  });
});

function render(values: object): KubernetesObject[] {
  return templateObjects({ values, release: '123', namespace: '4711' });
}
