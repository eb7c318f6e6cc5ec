import type { Container } from '../../../src/injector/pods/pod-shape.ts';
import { until } from '../../injector/start-injector.ts';
import type { ClusterClient, StoredObject } from './cluster-client.ts';

export const injectionLabel = { 'assistant-proxy.io/injection': 'enabled' };

export interface StoredPod extends StoredObject {
  readonly spec: {
    readonly containers: readonly StoredContainer[];
    readonly initContainers?: readonly StoredContainer[];
  };
}

type StoredContainer = Container & {
  readonly image: string;
  readonly restartPolicy?: string;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
};

/** A namespace that pods are let into. */
export async function createNamespace(
  client: ClusterClient,
  name: string,
  labels: Record<string, string> = {},
): Promise<void> {
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await until('a service account', async () => {
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    return (await client.send('GET', path)).status === 200;
  });
}

interface PodOptions {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly spec?: object;
}

export function podOf(namespace: string, { name = 'web', labels, annotations, spec }: PodOptions = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec },
  };
}

export function deploymentOf(namespace: string, name: string, template: object = templateOf(name)) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, template },
  };
}

export function templateOf(name: string, annotations: Record<string, string> = {}, spec: object = {}) {
  return {
    metadata: { labels: { app: name }, annotations },
    spec: { containers: [{ name, image: `${name}:1` }], ...spec },
  };
}

/** The first pod that has the label `app` of this value, once there is one. */
export async function podOfApp(client: ClusterClient, namespace: string, app: string): Promise<StoredPod> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`;
  await until(`a pod of ${app}`, async () => (await client.list(path)).length > 0);
  return (await client.list(path))[0] as StoredPod;
}

export function statusOf({ metadata }: StoredObject): string | undefined {
  return metadata.annotations?.['assistant-proxy.io/status'];
}

export function baseUrlOf({ env }: Container): string | undefined {
  return env?.find(({ name }) => name === 'OPENAI_BASE_URL')?.value ?? undefined;
}

export function bundleIn(configuration: StoredObject): string {
  const { webhooks } = configuration as unknown as { webhooks: { clientConfig: { caBundle?: string } }[] };
  return webhooks[0]!.clientConfig.caBundle ?? '';
}

/** Pods are asked about from when the API server has heard of the authority. */
export async function untilInjected(client: ClusterClient, namespace: string): Promise<void> {
  await until('pods get sidecars', async () => {
    const { body } = await client.tryCreate(podOf(namespace, { name: 'first' }), { dryRun: true });
    return body.metadata?.annotations?.['assistant-proxy.io/status'] === 'injected';
  });
}
