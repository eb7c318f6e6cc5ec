import { until } from '../../injector/start-injector.ts';
import type { ClusterClient } from './cluster-client.ts';

const kinds = [
  { group: 'cert-manager.io', kind: 'Certificate', plural: 'certificates' },
  { group: 'cert-manager.io', kind: 'Issuer', plural: 'issuers' },
  { group: 'monitoring.coreos.com', kind: 'PodMonitor', plural: 'podmonitors' },
  { group: 'monitoring.coreos.com', kind: 'PrometheusRule', plural: 'prometheusrules' },
];

/** Where objects of these kinds are, in all namespaces. */
export const customGroups = kinds.map(({ group, plural }) => `/apis/${group}/v1/${plural}`);

/**
 * Lets the cluster know the kinds of cert-manager and of the Prometheus operator that the chart uses. Their fields are
 * checked elsewhere, by their own schemas.
 */
export async function createCustomResources(client: ClusterClient): Promise<void> {
  for (const { group, kind, plural } of kinds) {
    await client.create({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    });
  }
  for (const path of customGroups) {
    await until('the kind is served', async () => (await client.send('GET', path)).status === 200);
  }
}
