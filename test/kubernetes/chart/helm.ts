import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { helmFile } from '../prepare-helm.ts';

export const chartFolder = join(import.meta.dirname, '../../../charts/assistant-proxy');

/** An object of Kubernetes, as far as tests look at all of them alike. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** Values that the chart is tried with: those in its folder `ci`, and those for high availability. */
export interface ValuesCase {
  readonly name: string;
  /** The comment at the top of its file. */
  readonly title: string;
  readonly file: string;
}

export const valuesCases: readonly ValuesCase[] = [
  ...readdirSync(join(chartFolder, 'ci')).map((file) => join(chartFolder, 'ci', file)),
  join(chartFolder, 'values-ha.yaml'),
].map((file) => ({
  file,
  name: basename(file).replace(/^values-|-?values\.yaml$|\.yaml$/g, ''),
  title: /^# (.+)$/m.exec(readFileSync(file, 'utf8'))![1]!,
}));

interface Render {
  readonly chart?: string;
  readonly files?: readonly string[];
  /** As such a file would have them. */
  readonly values?: object;
  /** As `--set` takes them. */
  readonly set?: readonly string[];
  readonly release?: string;
  readonly namespace?: string;
}

/** What `helm template` prints, by default of a release `assistant-proxy` in a namespace of that name. */
export function templateText({
  chart = chartFolder,
  files = [],
  values = {},
  set = [],
  release = 'assistant-proxy',
  namespace = 'assistant-proxy',
}: Render = {}): string {
  const args = [...files.flatMap((file) => ['--values', file]), ...set.flatMap((each) => ['--set', each])];
  const given = ['--values', '-', ...args];
  return helm(['template', release, chart, '--namespace', namespace, ...given], JSON.stringify(values));
}

export function templateObjects(render: Render = {}): KubernetesObject[] {
  return parseAllDocuments(templateText(render))
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** Throws with what Helm says went wrong. The input is what stands behind `-`. */
export function helm(args: readonly string[], input = ''): string {
  if (!existsSync(helmFile)) throw new Error('there is no Helm; run: node test/kubernetes/prepare-helm.ts');
  try {
    return execFileSync(helmFile, args, { encoding: 'utf8', stdio: 'pipe', input });
  } catch (error) {
    throw new Error((error as { stderr: string }).stderr, { cause: error });
  }
}

/** `Deployment assistant-proxy-injector`. */
export function identityOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
