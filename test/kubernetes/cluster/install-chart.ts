import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Lifetime } from '../../harness/lifetime.ts';
import { chartFolder } from '../chart/helm.ts';
import { helmFile } from '../prepare-helm.ts';
import type { ClusterClient, StoredObject } from './cluster-client.ts';
import { standForService, type StandingForService } from './stand-for-service.ts';
import type { Cluster } from './start-cluster.ts';

/** Release, namespace, and the beginning of all names. */
export const release = 'assistant-proxy';
export const injectorName = `${release}-injector`;
export const configurationPath = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${injectorName}`;
export const secretPath = `/api/v1/namespaces/${release}/secrets/${injectorName}-tls`;
export const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${release}/leases/${injectorName}`;

export interface Installed {
  readonly service: StandingForService;
  /** As the kubelet mounts it into the injector's pods. */
  readonly serviceAccountDir: string;
  /** The file that the injector's pods read. */
  readonly configFile: string;
  /** What Helm has printed. */
  readonly printed: string;
}

/**
 * Installs the chart with Helm, as people do. What only a cluster's nodes have is put in its place: a token of the
 * injector's service account, the files of its pod, and a way from the API server to its Service.
 */
export async function installChart(
  lifetime: Lifetime,
  cluster: Cluster,
  args: readonly string[] = [],
): Promise<Installed> {
  const printed = runHelm(cluster, [
    'install',
    release,
    chartFolder,
    `--namespace=${release}`,
    '--create-namespace',
    ...args,
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  lifetime.after(async () => rmSync(folder, { recursive: true }));
  const configFile = join(folder, 'config.yaml');
  const { data } = await cluster.client.get(`/api/v1/namespaces/${release}/configmaps/${injectorName}`);
  writeFileSync(configFile, (data as Record<string, string>)['config.yaml']!);
  await mountServiceAccount(cluster, folder);
  const service = await standForService(lifetime);
  await leadToService(cluster, service.port);
  return { service, serviceAccountDir: folder, configFile, printed };
}

/** Throws with what Helm says went wrong. */
export function runHelm(cluster: Cluster, args: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-helm-'));
  try {
    return execFileSync(helmFile, args, {
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 60_000,
      env: { KUBECONFIG: cluster.kubeconfigFile, HOME: folder },
    });
  } catch (error) {
    throw new Error((error as { stderr: string }).stderr, { cause: error });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function mountServiceAccount({ client, authorityFile }: Cluster, folder: string): Promise<void> {
  const account = `/api/v1/namespaces/${release}/serviceaccounts/${injectorName}`;
  const { status, body } = await client.send('POST', `${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  });
  if (status !== 201) throw new Error(`no token: ${body.message}`);
  writeFileSync(join(folder, 'token'), (body['status'] as { token: string }).token);
  writeFileSync(join(folder, 'namespace'), release);
  writeFileSync(join(folder, 'ca.crt'), readFileSync(authorityFile));
}

/**
 * The API server looks Services up by itself; one of another name leads it to this machine, and it checks the
 * certificate as ever.
 */
export async function leadToService({ client }: Cluster, port: number): Promise<void> {
  const { spec, ...service } = await client.get(servicePath);
  const { selector, ports } = spec as Record<string, unknown>;
  const external = { type: 'ExternalName', externalName: 'localhost', selector, ports };
  await applyAsHelm(client, servicePath, { ...service, spec: external });
  const configuration = (await client.get(configurationPath)) as StoredObject & {
    webhooks: { clientConfig: { service: object; caBundle?: string } }[];
  };
  const webhooks = configuration.webhooks.map(({ clientConfig, ...webhook }) => ({
    ...webhook,
    clientConfig: { service: { ...clientConfig.service, port } },
  }));
  await applyAsHelm(client, configurationPath, { ...configuration, webhooks });
}

const servicePath = `/api/v1/namespaces/${release}/services/${injectorName}`;

/** In Helm's name, so that it may take it back at the next upgrade. */
async function applyAsHelm(client: ClusterClient, path: string, object: StoredObject): Promise<void> {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { name, labels, annotations } = metadata as StoredObject['metadata'] & { labels?: object };
  const applied = { apiVersion, kind, metadata: { name, labels, annotations }, ...rest, status: undefined };
  const { status, body } = await client.send('APPLY', `${path}?fieldManager=helm`, applied);
  if (status !== 200) throw new Error(`${path} was answered ${status}: ${body.message}`);
}
