import type { EnvironmentVariable, Pod } from './pod-shape.ts';

const teamLabels = ['assistant-proxy.io/team', 'team', 'app.kubernetes.io/part-of'];
const appLabels = ['app.kubernetes.io/name', 'app', 'k8s-app'];

/**
 * Whose calls the sidecar's are, through the downward API, so that it is what the pod itself says. Never empty: a
 * configuration that reads `${TEAM}` would be refused.
 */
export function identityEnv({ metadata, spec }: Pod): EnvironmentVariable[] {
  const labelled = (names: readonly string[]) => {
    const label = names.find((name) => (metadata.labels?.[name] ?? '') !== '');
    return label === undefined ? undefined : field(`metadata.labels['${label}']`);
  };
  const firstContainer = spec.containers?.[0]?.name ?? 'unknown';
  return [
    { name: 'TEAM', ...(labelled(teamLabels) ?? field('metadata.namespace')) },
    { name: 'APP', ...(labelled(appLabels) ?? { value: firstContainer }) },
    { name: 'POD_NAME', ...field('metadata.name') },
    { name: 'POD_NAMESPACE', ...field('metadata.namespace') },
    { name: 'NODE_NAME', ...field('spec.nodeName') },
  ];
}

function field(fieldPath: string) {
  // With its default written out, as the API server would, so that nothing changes when it does.
  return { valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}
