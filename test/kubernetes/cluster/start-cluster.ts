import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../../harness/free-port.ts';
import type { Lifetime } from '../../harness/lifetime.ts';
import { controlPlaneFile } from '../prepare-control-plane.ts';
import { type ClusterClient, createClusterClient } from './cluster-client.ts';

export interface Cluster {
  /** Of the API server. */
  readonly url: string;
  /** PEM: whom its callers trust. */
  readonly authorityFile: string;
  /** Of somebody who may do everything. */
  readonly token: string;
  /** Of the same. */
  readonly kubeconfigFile: string;
  /** In the name of somebody who may do everything. */
  readonly client: ClusterClient;
}

/** What makes pods, and what they need to be let in. */
const controllers = [
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'job-controller',
  'cronjob-controller',
];

/**
 * A real etcd, kube-apiserver and kube-controller-manager on free ports of the loopback, in a temporary folder; gone when
 * the tests are over. There is no kubelet: pods are let in, and stay Pending. What the servers have logged is kept if a
 * test fails.
 */
export async function startCluster(lifetime: Lifetime): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-cluster-'));
  const children: ChildProcess[] = [];
  process.once('exit', (code) => {
    if (code === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    else console.error(`what etcd and kube-apiserver have logged is in ${folder}`);
  });
  lifetime.after(async () => {
    for (const child of children.toReversed()) await end(child);
  });

  function start(name: string, args: readonly string[]): void {
    const log = openSync(join(folder, `${name}.log`), 'a');
    // The end of its standard input is the end of it, so that none outlives a test that was killed.
    const child = spawn(controlPlaneFile, [name, ...args], { cwd: folder, stdio: ['pipe', log, log] });
    closeSync(log);
    child.once('exit', (code) => {
      if (code !== null && code !== 0) console.error(`${name} ended with ${code}; see ${folder}/${name}.log`);
    });
    children.push(child);
  }

  const [etcdPort, peerPort, apiPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const token = randomUUID();
  const keyFile = join(folder, 'service-accounts.key');
  const tokenFile = join(folder, 'tokens.csv');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(tokenFile, `${token},admin,1,system:masters\n`);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  start('etcd', [
    '--name=test',
    '--data-dir=etcd',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]);
  start('kube-apiserver', [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    // Its certificate is for this address.
    '--advertise-address=127.0.0.1',
    `--secure-port=${apiPort}`,
    '--cert-dir=certificates',
    '--endpoint-reconciler-type=none',
    `--service-account-key-file=${keyFile}`,
    `--service-account-signing-key-file=${keyFile}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--token-auth-file=${tokenFile}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
  ]);

  const url = `https://127.0.0.1:${apiPort}`;
  const authorityFile = join(folder, 'certificates/apiserver.crt');
  const client = await connect(url, authorityFile, token, children);
  lifetime.after(() => client.close());
  const kubeconfigFile = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigFile, JSON.stringify(kubeconfig(url, authorityFile, token)));
  start('kube-controller-manager', [
    `--kubeconfig=${kubeconfigFile}`,
    '--leader-elect=false',
    `--service-account-private-key-file=${keyFile}`,
    `--root-ca-file=${authorityFile}`,
    '--use-service-account-credentials=false',
    `--controllers=${controllers.join(',')}`,
    '--secure-port=0',
  ]);
  return { url, authorityFile, token, kubeconfigFile, client };
}

const startsWithinMs = 90_000;

/** Resolves when the API server is ready. */
async function connect(
  url: string,
  authorityFile: string,
  token: string,
  children: readonly ChildProcess[],
): Promise<ClusterClient> {
  const startedAtMs = performance.now();
  let problem: unknown;
  while (performance.now() - startedAtMs < startsWithinMs) {
    if (children.some(({ exitCode }) => exitCode !== null)) break;
    let client: ClusterClient | undefined;
    try {
      // It writes its own certificate.
      readFileSync(authorityFile);
      client = createClusterClient(url, authorityFile, token);
      const { status, body } = await client.send('GET', '/readyz');
      if (status === 200) return client;
      problem = body.message;
    } catch (error) {
      problem = error;
    }
    await client?.close();
    await sleep(100);
  }
  throw new Error('kube-apiserver does not start', { cause: problem });
}

function kubeconfig(server: string, authorityFile: string, token: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authorityFile } }],
    users: [{ name: 'admin', user: { token } }],
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
