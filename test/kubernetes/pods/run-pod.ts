import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Container } from '../../../src/injector/pods/pod-shape.ts';
import type { Lifetime } from '../../harness/lifetime.ts';
import { until } from '../../injector/start-injector.ts';
import { callFrom } from './call-from.ts';
import type { PodNetwork } from './network.ts';

const root = join(import.meta.dirname, '../../..');

/** As much of an injected pod as is needed to run it. */
export interface RunnablePod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Record<string, string>;
  };
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly initContainers?: readonly RunnableContainer[];
    readonly containers: readonly RunnableContainer[];
  };
}

type RunnableContainer = Container & {
  readonly envFrom?: readonly { readonly secretRef: { readonly name: string } }[];
  readonly restartPolicy?: string;
  readonly startupProbe?: { readonly httpGet: { readonly path: string; readonly port: number } };
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
};

interface PodFiles {
  readonly config: string;
  readonly apiKey: string;
  /** Secrets of the namespace whose entries are variables, by their names. */
  readonly variables?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface RunningContainer {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  output(): string;
  /** Resolves to the exit code; null if a signal ended it. */
  readonly exitCode: Promise<number | null>;
}

export interface RunningPod {
  readonly containers: readonly RunningContainer[];
  container(name: string): RunningContainer;
  /** As the kubelet stops a pod. Resolves to the names of the containers in the order in which they ended. */
  stop(): Promise<string[]>;
}

/**
 * Does what the kubelet does with a pod, with processes for containers and this machine's files for theirs: starts native
 * sidecars first, and the application when their startup probe succeeds; stops the application first, and the sidecars
 * when it has ended. Commands are Node's arguments, by the containers' names.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow
 */
export async function runPod(
  lifetime: Lifetime,
  network: PodNetwork,
  pod: RunnablePod,
  { files, commands }: { files: PodFiles; commands: Readonly<Record<string, readonly string[]>> },
): Promise<RunningPod> {
  const folders = writeFiles(lifetime, files);
  const { variables = {} } = files;
  const call = callFrom(lifetime, network);
  const { initContainers = [], containers, terminationGracePeriodSeconds } = pod.spec;
  const running: (RunningContainer & { spec: RunnableContainer; child: ChildProcess })[] = [];
  const ended: string[] = [];

  async function start(spec: RunnableContainer): Promise<void> {
    const env = environmentOf(spec, pod, { folders, variables });
    const [file, ...args] = [...network.enter, process.execPath, ...commands[spec.name]!];
    const child = spawn(file!, args, {
      cwd: root,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString('utf8')));
    const exitCode = once(child, 'exit').then(([code]) => {
      ended.push(spec.name);
      return code as number | null;
    });
    lifetime.after(async () => {
      child.kill('SIGKILL');
      await exitCode;
    });
    running.push({ name: spec.name, spec, child, env, output: () => output, exitCode });
    const probe = spec.startupProbe?.httpGet;
    if (probe === undefined) return;
    await until(`${spec.name} has started`, async () => {
      if (child.exitCode !== null) throw new Error(`${spec.name} ended with ${child.exitCode}: ${output}`);
      return (await call(`http://${network.address}:${probe.port}${probe.path}`)).status === 200;
    });
  }

  async function stopAll(stopped: typeof running): Promise<void> {
    await Promise.all(
      stopped.map(async ({ child, spec, exitCode }) => {
        await sleep((spec.lifecycle?.preStop.sleep.seconds ?? 0) * 1000);
        child.kill('SIGTERM');
        await exitCode;
      }),
    );
  }

  for (const spec of [...initContainers, ...containers]) await start(spec);
  return {
    containers: running,
    container: (name) => running.find((each) => each.name === name)!,
    async stop() {
      const isNative = ({ spec }: (typeof running)[number]) => spec.restartPolicy === 'Always';
      const kill = setTimeout(
        () => running.forEach(({ child }) => child.kill('SIGKILL')),
        terminationGracePeriodSeconds * 1000,
      );
      await stopAll(running.filter((each) => !isNative(each)));
      for (const sidecar of running.filter(isNative).toReversed()) await stopAll([sidecar]);
      clearTimeout(kill);
      return ended;
    },
  };
}

/** What the volumes hold, by the paths that they are mounted at. */
function writeFiles(lifetime: Lifetime, { config, apiKey }: PodFiles): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-pod-'));
  lifetime.after(async () => rmSync(folder, { recursive: true }));
  for (const name of ['config', 'key', 'state']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'config/config.yaml'), config);
  writeFileSync(join(folder, 'key/api-key'), apiKey);
  return new Map([
    ['/etc/assistant-proxy', join(folder, 'config')],
    ['/var/run/secrets/assistant-proxy', join(folder, 'key')],
    ['/var/lib/assistant-proxy', join(folder, 'state')],
  ]);
}

function environmentOf(
  { env, envFrom = [] }: RunnableContainer,
  { metadata }: RunnablePod,
  {
    folders,
    variables,
  }: { folders: ReadonlyMap<string, string>; variables: NonNullable<PodFiles['variables']> },
): Record<string, string> {
  const found: Record<string, string> = {};
  // What `env` says wins.
  for (const { secretRef } of envFrom) Object.assign(found, variables[secretRef.name]!);
  for (const { name, value, valueFrom } of env ?? []) {
    const { fieldRef } = (valueFrom ?? {}) as { fieldRef?: { fieldPath: string } };
    // What else there is to take values from is an optional Secret.
    const text = fieldRef ? fieldOf(metadata, fieldRef.fieldPath) : value;
    if (typeof text !== 'string') continue;
    const mounted = [...folders].find(([path]) => text.startsWith(path));
    found[name] = mounted ? text.replace(mounted[0], mounted[1]) : text;
  }
  return found;
}

function fieldOf({ name, namespace, labels }: RunnablePod['metadata'], path: string): string {
  const [, label] = /^metadata\.labels\['(.+)'\]$/.exec(path) ?? [];
  if (label !== undefined) return labels[label] ?? '';
  return { 'metadata.name': name, 'metadata.namespace': namespace, 'spec.nodeName': 'node-1' }[path]!;
}
