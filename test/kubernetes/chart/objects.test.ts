import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import { loadConfig } from '../../../src/config/load.ts';
import type { Container } from '../../../src/injector/pods/pod-shape.ts';
import { restrictedProblems } from '../../injector/pods/restricted-problems.ts';
import { kubernetesVersions, schemaProblems } from '../schema-problems.ts';
import { identityOf, type KubernetesObject, templateObjects, valuesCases } from './helm.ts';

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly object[];
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
}

const rendered = valuesCases.map(({ name, file }) => ({ name, objects: templateObjects({ files: [file] }) }));

describe('of whatever values files render', () => {
  for (const version of kubernetesVersions) {
    test(`every object has only fields that Kubernetes ${version} knows`, () => {
      for (const { name, objects } of rendered) {
        for (const object of objects) {
          assert.deepEqual(schemaProblems(object, version), [], `${name}: ${identityOf(object)}`);
        }
      }
    });
  }

  test('every pod meets the restricted Pod Security Standard, with a read-only root and nothing of its host', () => {
    let pods = 0;
    for (const { name, objects } of rendered) {
      for (const [identity, spec] of podsOf(objects)) {
        for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
          const problems = restrictedProblems(container, spec.volumes ?? []);
          assert.deepEqual(problems, [], `${name}: ${identity}`);
          pods += 1;
        }
        assert.ok(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC, identity);
      }
    }
    assert.ok(pods > 10, `${pods} pods`);
  });

  test('every container says what it needs, and how much memory it may take at most', () => {
    for (const [identity, { containers }] of rendered.flatMap(({ objects }) => podsOf(objects))) {
      for (const container of containers as readonly { resources?: Resources }[]) {
        const { requests, limits } = container.resources!;
        assert.ok(requests!.cpu && requests!.memory && limits!.memory, identity);
      }
    }
  });

  test('every selector finds the pods of its own Deployment, and no others', () => {
    for (const { objects } of rendered) {
      const pods = objects
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata, spec }) => ({ name: metadata.name, labels: at(spec, 'template.metadata.labels') }));
      for (const object of objects) {
        const selector =
          object.kind === 'Service'
            ? at(object.spec, 'selector')
            : ['PodDisruptionBudget', 'Deployment'].includes(object.kind)
              ? at(object.spec, 'selector.matchLabels')
              : object.kind === 'NetworkPolicy'
                ? at(object.spec, 'podSelector.matchLabels')
                : undefined;
        if (selector === undefined) continue;
        const found = pods.filter(({ labels }) =>
          Object.entries(selector as object).every(
            ([key, value]) => (labels as Record<string, string>)[key] === value,
          ),
        );
        assert.deepEqual(
          found.map(({ name }) => name),
          [object.metadata.name],
          identityOf(object),
        );
      }
    }
  });

  test('every configuration file is one that the sidecar or the injector takes', () => {
    const env = { TEAM: 'search', APP: 'indexer', OPENAI_API_KEY: 'sk-1', EU_KEY: 'sk-2' };
    let files = 0;
    for (const { name, objects } of rendered) {
      for (const { metadata, data = {} } of objects) {
        const text = data['config.yaml'];
        if (text === undefined) continue;
        files += 1;
        assert.doesNotThrow(() => loadConfig({ text, env }), `${name}: ${metadata.name}`);
      }
    }
    assert.ok(files > 8, `${files} files`);
  });

  test('no key stands anywhere but in a Secret', () => {
    for (const { name, objects } of rendered) {
      const others = objects.filter(({ kind }) => kind !== 'Secret');
      assert.doesNotMatch(JSON.stringify(others), /sk-of|key-of|password@/, name);
    }
  });
});

describe('what the injector may do', () => {
  const rulesOf = (name: string) =>
    rendered
      .find((each) => each.name === name)!
      .objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
      .map(({ kind, ...object }) => ({ kind, rules: (object as { rules?: unknown }).rules }));

  test('is to read and change its own Secret, Lease and webhook configuration, and to write Events', () => {
    const name = 'assistant-proxy-injector';
    const role = [
      rule('', 'secrets', `${name}-tls`, ['get', 'update']),
      rule('coordination.k8s.io', 'leases', name, ['get', 'update']),
    ];
    const clusterRole = [
      rule('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', name, ['get', 'patch']),
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    ];
    assert.deepEqual(rulesOf('default').toSorted(byKind), [
      { kind: 'ClusterRole', rules: clusterRole },
      { kind: 'Role', rules: role },
    ]);
  });

  test('is only to write Events where somebody else looks after its certificate, or nothing at all', () => {
    const rules = [{ apiGroups: [''], resources: ['events'], verbs: ['create'] }];
    assert.deepEqual(rulesOf('cert-manager-issuer'), [{ kind: 'ClusterRole', rules }]);
    assert.deepEqual(rulesOf('cert-manager'), []);
    const [[, spec]] = podsOf(rendered.find(({ name }) => name === 'cert-manager')!.objects) as [
      [string, PodSpec],
    ];
    assert.equal(spec.automountServiceAccountToken, false);
  });

  for (const set of ['injector.rbac.events=false', 'injector.config.events=false']) {
    test(`is not to write Events with ${set}, and it is told not to try`, () => {
      const objects = templateObjects({ set: [set] });
      assert.doesNotMatch(JSON.stringify(objects.filter(({ kind }) => kind.endsWith('Role'))), /events/);
      assert.equal(settingsIn(objects).events, false);
    });
  }

  test('and what it is told to try are one, with each values file', () => {
    for (const { name, objects } of rendered) {
      if (!objects.some(({ kind }) => kind === 'MutatingWebhookConfiguration')) continue;
      const { events } = settingsIn(objects);
      const rights = JSON.stringify(objects.filter(({ kind }) => kind === 'ClusterRole'));
      assert.equal(rights.includes('events'), events, name);
    }
  });

  function rule(group: string, resource: string, name: string, verbs: string[]) {
    return { apiGroups: [group], resources: [resource], resourceNames: [name], verbs };
  }

  function byKind(one: { kind: string }, other: { kind: string }): number {
    return one.kind < other.kind ? -1 : 1;
  }
});

test('the names by which the injector looks for its objects are those that they have, whatever the release is called', () => {
  for (const set of [[], ['fullnameOverride=somebody-elses-very-long-name-that-goes-on-and-on-for-ever']]) {
    const objects = templateObjects({ set });
    const injector = settingsIn(objects);
    assert.ok(injector.name.length <= 59, injector.name);
    const identities = objects.map(identityOf);
    for (const identity of [
      `Service assistant-proxy/${injector.name}`,
      `MutatingWebhookConfiguration ${injector.name}`,
      `Lease assistant-proxy/${injector.name}`,
      `Secret assistant-proxy/${injector.name}-tls`,
    ]) {
      assert.ok(identities.includes(identity), `${identity} of ${identities.join(', ')}`);
    }
  }
});

test('where only the API server may call the webhook, so may `helm test`', () => {
  const { objects } = rendered.find(({ name }) => name === 'everything')!;
  const named = (wanted: string) => objects.find((object) => identityOf(object) === wanted)!;
  const name = 'assistant-proxy/assistant-proxy-injector';
  const { ingress } = named(`NetworkPolicy ${name}`).spec as { ingress: { from: Peer[] }[] };
  const [pod, ...addresses] = ingress[0]!.from.toReversed();
  assert.deepEqual(addresses, [{ ipBlock: { cidr: 'fd00::1/128' } }, { ipBlock: { cidr: '10.0.0.1/32' } }]);
  const { labels } = named(`Pod ${name}-test`).metadata;
  const asked = Object.entries(pod!.podSelector!.matchLabels);
  assert.equal(asked.length, 3);
  for (const [key, value] of asked) assert.equal(labels[key], value, key);
});

test('nothing that is rendered names an address or a family of addresses, unless a value does', () => {
  for (const { name, objects } of rendered.filter((each) => each.name !== 'everything')) {
    const networked = objects.filter(({ kind }) => kind === 'NetworkPolicy' || kind === 'Service');
    assert.ok(networked.length > 0 || name === 'as-dependency', name);
    assert.doesNotMatch(JSON.stringify(networked), /ipBlock|ipFamil|clusterIP"/, name);
    assert.doesNotMatch(JSON.stringify(objects), /0\.0\.0\.0/, name);
  }
});

test('the injectors reach an API server on any port that is common', () => {
  const policy = rendered
    .find(({ name }) => name === 'default')!
    .objects.find(({ kind }) => kind === 'NetworkPolicy')!;
  const { egress } = policy.spec as { egress: { ports: { port: number }[] }[] };
  const ports = egress.at(-1)!.ports.map(({ port }) => port);
  assert.deepEqual(ports, [443, 6443, 8443, 16443]);
});

test('the injectors can take over from cert-manager, whose Secret is none that the chart makes', () => {
  const secretNames = rendered
    .find(({ name }) => name === 'cert-manager')!
    .objects.filter(({ kind }) => kind === 'Certificate')
    .map(({ spec }) => at(spec, 'secretName'));
  assert.deepEqual(secretNames.toSorted(), [
    'assistant-proxy-injector-ca',
    'assistant-proxy-injector-tls-cert-manager',
  ]);
  const made = rendered.find(({ name }) => name === 'default')!.objects.map(({ metadata }) => metadata.name);
  assert.deepEqual(
    secretNames.filter((name) => made.includes(name as string)),
    [],
  );
});

test('a pod has longer to end than its container needs to finish what runs', () => {
  const { objects } = rendered.find(({ name }) => name === 'everything')!;
  const gateway = podsOf(objects).find(([identity]) => identity.includes('gateway'))![1];
  const variables = gateway.containers[0]!.env!;
  const graceMs = variables.find(({ name }) => name === 'ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS')!.value;
  assert.equal(graceMs, '120000');
  assert.equal(gateway.terminationGracePeriodSeconds, 120 + 5 + 5);
});

/** The section `injector` of the injector's configuration. */
function settingsIn(objects: readonly KubernetesObject[]): { name: string; events: boolean } {
  const { data } = objects.find(
    ({ kind, metadata }) =>
      kind === 'ConfigMap' && metadata.labels['app.kubernetes.io/component'] === 'injector',
  )!;
  return (parse(data!['config.yaml']!) as { injector: { name: string; events: boolean } }).injector;
}

interface Peer {
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}

interface Resources {
  readonly requests?: { readonly cpu?: string; readonly memory?: string };
  readonly limits?: { readonly memory?: string };
}

function podsOf(objects: readonly KubernetesObject[]): [string, PodSpec][] {
  return objects.flatMap((object) => {
    const spec = object.kind === 'Pod' ? object.spec : at(object.spec, 'template.spec');
    return spec === undefined ? [] : [[identityOf(object), spec as PodSpec] as [string, PodSpec]];
  });
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce((parent, key) => (parent as Record<string, unknown> | undefined)?.[key], value);
}
