/**
 * Writes down which fields the objects of a Kubernetes release have, out of the module that it is published as:
 *
 *   node test/kubernetes/schemas/extract.ts v1.35.4 v1.36.3 v1.37.2
 *
 * Needs Go, and 20 MB for each. Only the kinds that this project deals with, and of them only what a check needs.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Definition {
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

const kinds = new Set([
  'v1/ConfigMap',
  'v1/Event',
  'v1/Namespace',
  'v1/Pod',
  'v1/Secret',
  'v1/Service',
  'v1/ServiceAccount',
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/StatefulSet',
  'autoscaling/v2/HorizontalPodAutoscaler',
  'batch/v1/CronJob',
  'batch/v1/Job',
  'coordination.k8s.io/v1/Lease',
  'networking.k8s.io/v1/Ingress',
  'networking.k8s.io/v1/NetworkPolicy',
  'policy/v1/PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1/Role',
  'rbac.authorization.k8s.io/v1/RoleBinding',
]);

for (const version of process.argv.slice(2)) {
  const module = `k8s.io/kubernetes@${version}`;
  const { Dir: folder } = JSON.parse(
    execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', cwd: '/' }),
  ) as { Dir: string };
  const swagger = readFileSync(join(folder, 'api/openapi-spec/swagger.json'), 'utf8');
  const { definitions } = JSON.parse(swagger) as { definitions: Record<string, Definition> };
  const extracted = { kubernetes: version, ...extract(definitions) };
  const minor = /^v(\d+\.\d+)\./.exec(version)![1]!;
  const lines = JSON.stringify(extracted).replaceAll(',"io.k8s.', ',\n"io.k8s.');
  writeFileSync(join(import.meta.dirname, `${minor}.json`), `${lines}\n`);
}

function extract(definitions: Readonly<Record<string, Definition>>) {
  const roots: Record<string, string> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      const key = [group, version, kind].filter(Boolean).join('/');
      if (kinds.has(key)) roots[key] = name;
    }
  }
  const needed = new Set<string>();
  const open = Object.values(roots);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const references = JSON.stringify(definitions[name]).matchAll(/"#\/definitions\/([^"]+)"/g);
    open.push(...[...references].map(([, other]) => other!));
  }
  const kept = [...needed].toSorted().map((name) => [name, checked(definitions[name]!)]);
  return { roots, definitions: Object.fromEntries(kept) as object };
}

/** What is described in words, or only of use to servers, is left out. */
function checked(schema: object): object {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (['$ref', 'type', 'format', 'required', 'enum'].includes(key)) kept[key] = value;
    if (key === 'items' || key === 'additionalProperties') kept[key] = checked(value as object);
    if (key === 'properties') {
      const properties = Object.entries(value as Record<string, object>);
      kept[key] = Object.fromEntries(properties.map(([name, property]) => [name, checked(property)]));
    }
  }
  return kept;
}
