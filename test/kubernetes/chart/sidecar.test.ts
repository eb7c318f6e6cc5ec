import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { inject } from '../../../src/injector/pods/inject.ts';
import { readPod } from '../../../src/injector/pods/pod-shape.ts';
import { settingsWith } from '../../injector/pods/cases.ts';
import { chartFolder, templateObjects } from './helm.ts';

/** What a chart's author says to the partial, and a pod's author to the injector, to get the same. */
interface Wish {
  readonly title: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

const wishes: readonly Wish[] = [
  { title: 'nothing but an image', parameters: { application: 'web' } },
  { title: 'a plain container', parameters: { native: false }, annotations: { native: 'false' } },
  {
    title: 'other ports',
    parameters: { port: 8181, adminPort: 9191 },
    annotations: { port: '8181', 'admin-port': '9191' },
  },
  {
    title: 'a configuration and a key of its own',
    parameters: { configMap: 'mine', secret: 'my-key' },
    annotations: { config: 'mine', secret: 'my-key' },
  },
  {
    title: 'variables of a Secret',
    parameters: { envSecret: 'search-env' },
    annotations: { 'env-secret': 'search-env' },
  },
  { title: 'none of its variables', parameters: { envSecret: '' }, annotations: { 'env-secret': '' } },
  {
    title: 'another image and more resources',
    parameters: {
      image: 'mirror.example/assistant-proxy:1',
      imagePullPolicy: 'Always',
      resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
    },
    annotations: {
      image: 'mirror.example/assistant-proxy:1',
      'image-pull-policy': 'Always',
      'cpu-request': '1',
      'cpu-limit': '2',
      'memory-request': '1Gi',
      'memory-limit': '2Gi',
    },
  },
  {
    title: 'a long grace period',
    parameters: { gracePeriodSeconds: 600 },
    annotations: { 'grace-period-seconds': '600' },
  },
  {
    title: 'none at all, in a plain container',
    parameters: { native: false, gracePeriodSeconds: 0 },
    annotations: { native: 'false', 'grace-period-seconds': '0' },
  },
  { title: 'more in the log', parameters: { logLevel: 'debug' }, annotations: { 'log-level': 'debug' } },
  {
    title: 'further variables, one of which takes the place of another',
    parameters: { env: { APP: 'shop', SEARCH_INDEX: '3' } },
    annotations: { env: '{"APP":"shop","SEARCH_INDEX":"3"}' },
  },
  {
    title: 'names that YAML takes for numbers and truth values',
    parameters: { application: '4711', configMap: '1e3', secret: '5', envSecret: '6', env: { Y: '1' } },
    annotations: { config: '1e3', secret: '5', 'env-secret': '6', env: '{"Y":"1"}' },
  },
  ...[
    { 'assistant-proxy.io/team': 'a', team: 'b', 'app.kubernetes.io/name': 'c', app: 'd' },
    { team: 'b', app: 'd' },
    { 'app.kubernetes.io/part-of': 'e', 'k8s-app': 'f' },
    { 'assistant-proxy.io/team': '', 'app.kubernetes.io/name': '' },
  ].map((labels) => ({
    title: `the identity of a pod with the labels ${JSON.stringify(labels)}`,
    parameters: { labels, application: 'web' },
    labels,
  })),
];

/** One object for each wish, with all that the partial gives. */
const template = `
{{- range $name, $given := .Values.wishes }}
{{- $sidecar := merge (dict) $given (dict "application" "web") }}
---
name: {{ $name }}
container:
  {{- include "assistant-proxy.sidecar.container" $sidecar | nindent 2 }}
volumes:
  {{- include "assistant-proxy.sidecar.volumes" $sidecar | nindent 2 }}
env:
  {{- include "assistant-proxy.sidecar.applicationEnv" $sidecar | nindent 2 }}
graceSeconds: {{ include "assistant-proxy.sidecar.podGracePeriodSeconds" $sidecar }}
{{- end }}
`;

interface Given {
  readonly name: string;
  readonly container: object;
  readonly volumes: readonly object[];
  readonly env: readonly object[];
  readonly graceSeconds: number;
}

describe('the partial, copied into another chart without all the rest, gives what the injector adds', () => {
  const given = renderPartial();

  for (const [index, { title, annotations = {}, labels, parameters }] of wishes.entries()) {
    test(title, () => {
      const { container, volumes, env, graceSeconds } = given.get(`wish-${index}`)!;
      const pod = podWith(annotations, labels, parameters['application'] as string | undefined);
      const { patch, outcome } = inject(readPod(pod)!, 'shop', settingsWith());
      assert.equal(outcome, 'injected');
      const added = (path: string) =>
        patch.flatMap((operation) =>
          operation.path === path && 'value' in operation ? [operation.value] : [],
        );
      const list = parameters['native'] === false ? 'containers/-' : 'initContainers/0';
      assert.deepEqual(sorted(added(`/spec/${list}`)[0]), sorted(container));
      assert.deepEqual(added('/spec/volumes/-'), volumes);
      assert.deepEqual(added('/spec/containers/0/env')[0], env);
      assert.deepEqual(added('/spec/terminationGracePeriodSeconds')[0] ?? 0, graceSeconds);
    });
  }
});

test('without an image the partial says what is missing', () => {
  assert.throws(() => renderWith({ wishes: { 'wish-0': {} } }), /needs an image/);
});

function renderPartial(): Map<string, Given> {
  const named = wishes.map(({ parameters }, index) => [
    `wish-${index}`,
    { image: 'assistant-proxy:0.1.0', ...parameters },
  ]);
  return new Map(
    renderWith({ wishes: Object.fromEntries(named) as object }).map((each) => [each.name, each]),
  );
}

function renderWith(values: object): Given[] {
  const folder = mkdtempSync(join(tmpdir(), 'partial-'));
  try {
    mkdirSync(join(folder, 'templates'));
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: partial\nversion: 0.1.0\n');
    writeFileSync(join(folder, 'values.yaml'), JSON.stringify(values));
    writeFileSync(join(folder, 'templates/wishes.yaml'), template);
    copyFileSync(join(chartFolder, 'templates/_sidecar.tpl'), join(folder, 'templates/_sidecar.tpl'));
    return templateObjects({ chart: folder }) as unknown as Given[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ends at once, so that its own grace period never hides the sidecar's. */
function podWith(
  annotations: Readonly<Record<string, string>>,
  labels: object = {},
  application = 'web',
): object {
  const prefixed = Object.entries(annotations).map(([key, value]) => [`assistant-proxy.io/${key}`, value]);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels, annotations: Object.fromEntries(prefixed) as object },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: application, image: 'web:1' }],
      initContainers: [],
      volumes: [],
    },
  };
}

/** A template sorts the variables that are added; their order means nothing. */
function sorted(container: unknown): object {
  const { env, ...rest } = container as { env: readonly { name: string }[] };
  return { ...rest, env: env.toSorted((one, other) => (one.name < other.name ? -1 : 1)) };
}
