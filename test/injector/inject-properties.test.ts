import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Container, Pod } from '../../src/injector/pods/pod-shape.ts';
import { kubernetesVersions, schemaProblems } from '../kubernetes/schema-problems.ts';
import { injectInto, settingsWith } from './pods/cases.ts';

const containerName = fc.constantFrom('web', 'worker', 'helper', 'mesh');
const port = fc.constantFrom(80, 8080, 8081, 9090, 9091);
const variable = fc.record({
  name: fc.constantFrom('A', 'B', 'OPENAI_BASE_URL', 'OPENAI_API_KEY'),
  value: fc.constantFrom('', 'x', 'http://127.0.0.1:8080/v1', 'https://other.example/v1'),
});
const container = fc.record(
  {
    name: containerName,
    image: fc.constant('image:1'),
    env: fc.uniqueArray(variable, { selector: ({ name }) => name, maxLength: 4 }),
    ports: fc.array(fc.record({ containerPort: port }), { maxLength: 3 }),
    readinessProbe: fc.record({ httpGet: fc.record({ port, path: fc.constant('/') }) }),
    workingDir: fc.constant('/work'),
  },
  { requiredKeys: ['name', 'image'] },
);
const containers = fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 });
const annotation = fc.constantFrom(
  ['inject', 'true'],
  ['native', 'false'],
  ['native', 'true'],
  ['port', '8080'],
  ['port', 'x'],
  ['admin-port', '8080'],
  ['containers', 'web'],
  ['exclude-containers', 'helper,mesh'],
  ['env', '{"A":"b"}'],
  ['env-secret', 'search-env'],
  ['env-secret', ''],
  ['grace-period-seconds', '90'],
  ['patch', '[{"op":"add","path":"/stdin","value":true}]'],
  ['patch', '[{"op":"test","path":"/stdin","value":true}]'],
  ['status', 'injected'],
  ['memory-request', '4Gi'],
);
const writtenPod = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Pod'),
  metadata: fc.record(
    {
      name: fc.constant('web-1'),
      labels: fc.dictionary(fc.constantFrom('app', 'team'), fc.constantFrom('', 'search')),
      annotations: fc
        .array(annotation, { maxLength: 4 })
        .map((pairs) =>
          Object.fromEntries(pairs.map(([key, value]) => [`assistant-proxy.io/${key}`, value])),
        ),
    },
    { requiredKeys: ['name'] },
  ),
  spec: fc.record(
    {
      containers: containers.filter((list) => list.length > 0),
      initContainers: containers,
      volumes: fc.uniqueArray(fc.record({ name: fc.constantFrom('data', 'assistant-proxy-state') }), {
        selector: ({ name }) => name,
      }),
      restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
      hostNetwork: fc.boolean(),
      terminationGracePeriodSeconds: fc.constantFrom(0, 30, 600),
    },
    { requiredKeys: ['containers'] },
  ),
});
// Without what JSON can't say.
const pod = writtenPod.map((given) => JSON.parse(JSON.stringify(given)) as Pod);
const native = ['true', 'false'].map((isNative) =>
  settingsWith({ ASSISTANT_PROXY_INJECTOR_NATIVE: isNative }),
);
const settings = fc.constantFrom(...native);

test('of any pod, the same pod has the same patch, and a patched one an empty one', () => {
  fc.assert(
    fc.property(pod, settings, (given, used) => {
      const first = injectInto(given, used);
      assert.deepEqual(injectInto(given, used), first);
      const second = injectInto(first.pod, used);
      assert.deepEqual(second.patch, []);
      assert.equal(second.outcome, first.outcome);
    }),
    { numRuns: 500 },
  );
});

test('of any pod, nothing changes in a container but its environment, and there only the two variables', () => {
  fc.assert(
    fc.property(pod, settings, (given, used) => {
      const { pod: after } = injectInto(given, used);
      assert.deepEqual(essence(after as Pod), essence(given));
    }),
    { numRuns: 500 },
  );
});

test('of any pod, what comes out has only fields that Kubernetes knows, and ports that nobody else has', () => {
  const [newest] = kubernetesVersions.toReversed();
  fc.assert(
    fc.property(pod, settings, (given, used) => {
      const injected = injectInto(given, used);
      assert.deepEqual(schemaProblems(injected.pod, newest!), []);
      if (injected.outcome !== 'injected') return;
      const { spec } = injected.pod as Pod;
      const all = [...(spec.initContainers ?? []), ...spec.containers!];
      const sidecar = all.find(({ name }) => name === 'assistant-proxy')!;
      const own = ['LISTEN', 'ADMIN'].map((kind) =>
        Number(sidecar.env!.find(({ name }) => name === `ASSISTANT_PROXY_${kind}_PORT`)!.value),
      );
      const others = all
        .filter(({ name }) => name !== 'assistant-proxy')
        .flatMap(({ ports }) => (ports ?? []).map(({ containerPort }) => containerPort));
      assert.ok(own[0] !== own[1] && !own.some((each) => others.includes(each)), `${own} of ${others}`);
    }),
    { numRuns: 300 },
  );
});

/** A pod without what the injector may change. */
function essence({ metadata, spec, ...rest }: Pod): object {
  const { 'assistant-proxy.io/status': _status, ...annotations } = metadata.annotations ?? {};
  return {
    ...rest,
    metadata: { ...metadata, annotations },
    spec: {
      ...spec,
      terminationGracePeriodSeconds: 0,
      containers: application(spec.containers),
      initContainers: application(spec.initContainers),
      volumes: (spec.volumes ?? []).filter(({ name }) => !name.startsWith('assistant-proxy-')),
    },
  };
}

function application(list: readonly Container[] | null | undefined): object[] {
  return (list ?? [])
    .filter(({ name }) => name !== 'assistant-proxy')
    .map(({ env, ...others }) => ({
      ...others,
      env: (env ?? []).filter(({ name }) => name !== 'OPENAI_BASE_URL' && name !== 'OPENAI_API_KEY'),
    }));
}
