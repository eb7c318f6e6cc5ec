import type { Config } from '../../config/schema.ts';
import { domain } from './annotations.ts';
import { pointAtSidecar } from './application-env.ts';
import { escapeToken, type PatchOperation } from './json-patch.ts';
import type { Container, Pod } from './pod-shape.ts';
import { choosePorts, type ChosenPorts } from './ports.ts';
import { readAnnotations, readInject, type Wishes } from './read-annotations.ts';
import { neededGraceSeconds, sidecarContainer, sidecarName, sidecarVolumes } from './sidecar-container.ts';

/** What becomes of a pod. All texts are sentences for people. */
export interface Injection {
  /**
   * `injected`: it has a sidecar. `skipped`: by one of the rules it gets none, for the reason. `left`: it is none of
   * the injector's business. `failed`: what it asks for can't be done, for the reason; the patch is that of a pod that
   * starts without.
   */
  readonly outcome: 'injected' | 'skipped' | 'left' | 'failed';
  readonly reason: string;
  /** Empty if nothing needs to change, as for a pod that has been through here before. */
  readonly patch: readonly PatchOperation[];
  readonly warnings: readonly string[];
}

/** Where a sidecar would be the cluster's own business, or stand in the way of what it needs to start. */
const systemNamespaces = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

const statusKey = `${domain}status`;

/** Names of containers are in it, which nobody has checked yet. */
const maxReasonLength = 900;

/**
 * Puts a sidecar into a pod, and points the pod's containers at it. The same pod gets the same patch, and one that
 * has been patched an empty one; what another webhook has added meanwhile is caught up on, and what it has done to the
 * sidecar stays.
 */
export function inject(pod: Pod, namespace: string, settings: Config['injector']): Injection {
  const { metadata, spec } = pod;
  const written = metadata.annotations ?? {};
  const isChosen = settings.namespaces.length === 0 || settings.namespaces.includes(namespace);
  const wanted = readInject(metadata);
  // The kubelet knows the pods that it made itself by their exact text.
  const isMirror = Object.hasOwn(written, 'kubernetes.io/config.mirror');
  if (!isChosen || systemNamespaces.has(namespace) || wanted === false || isMirror) {
    return { outcome: 'left', reason: '', patch: [], warnings: [] };
  }
  const { wishes, problems, warnings: unknown } = readAnnotations(written);
  const warnings = [...unknown];
  if (wanted === 'invalid') return fail([`${domain}inject must be true or false`, ...problems]);
  const skipReason = reasonToSkip(pod, written);
  if (skipReason !== undefined) return skip('skipped', [skipReason]);
  if (problems.length > 0) return fail(problems);

  const present = presentSidecar(pod);
  const isNative = present?.isNative ?? decideNative(pod, wishes, settings, warnings);
  const application = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(
    ({ name }) => name !== sidecarName,
  );
  const ports = present?.ports ?? choosePorts(application, { proxy: wishes.port, admin: wishes.adminPort });
  if (ports.problems.length > 0) return fail(ports.problems);
  warnings.push(...ports.warnings);
  const patch = pointContainers(pod, wishes, { proxyPort: ports.proxy, isNative }, warnings);
  if (!present) {
    const sidecar = sidecarContainer(pod, { settings, wishes, ports, isNative });
    if (typeof sidecar === 'string') return fail([`${domain}patch ${sidecar}`]);
    patch.push(addSidecar(pod, sidecar, isNative));
  }
  patch.push(...addVolumes(pod, sidecarVolumes({ settings, wishes })));
  const graceSeconds = neededGraceSeconds({ settings, wishes, isNative });
  if ((spec.terminationGracePeriodSeconds ?? 30) < graceSeconds) {
    patch.push({ op: 'add', path: '/spec/terminationGracePeriodSeconds', value: graceSeconds });
  }
  patch.push(...tellStatus(written, metadata.annotations, 'injected'));
  if (spec.shareProcessNamespace || spec.hostPID) {
    const which = spec.hostPID ? 'hostPID' : 'shareProcessNamespace';
    warnings.push(
      `${which} lets root and user 65532 in the application reach into the sidecar, and at its key`,
    );
  }
  return { outcome: 'injected', reason: '', patch, warnings };

  function fail(reasons: readonly string[]): Injection {
    return skip('failed', reasons);
  }

  function skip(outcome: 'skipped' | 'failed', reasons: readonly string[]): Injection {
    const reason = reasons.join('; ').slice(0, maxReasonLength);
    const patch = tellStatus(written, metadata.annotations, `skipped: ${reason}`);
    return {
      outcome,
      reason,
      patch,
      warnings: [...reasons.map((each) => `no sidecar: ${each}`), ...warnings],
    };
  }
}

function reasonToSkip({ spec }: Pod, written: Readonly<Record<string, string>>): string | undefined {
  if (spec.os?.name === 'windows' || spec.nodeSelector?.['kubernetes.io/os'] === 'windows') {
    return 'it runs on Windows, and there is no sidecar for that';
  }
  if (spec.hostNetwork) {
    return "it is on the node's network (hostNetwork), where everybody could call the sidecar";
  }
  const isOurs = written[statusKey] === 'injected';
  const isTaken = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some(
    ({ name }) => name === sidecarName,
  );
  return isTaken && !isOurs ? `it has a container ${sidecarName} of its own` : undefined;
}

/** A plain container would keep a pod that ends from ending. */
function decideNative(
  { spec }: Pod,
  wishes: Wishes,
  settings: Config['injector'],
  warnings: string[],
): boolean {
  const isNative = wishes.native ?? settings.native;
  if (isNative || (spec.restartPolicy ?? 'Always') === 'Always') return isNative;
  warnings.push(
    `the sidecar is a native one, since a plain one would keep a pod of restartPolicy ${spec.restartPolicy} from ending`,
  );
  return true;
}

/** The sidecar that an earlier call put in. */
function presentSidecar({ spec }: Pod): { isNative: boolean; ports: ChosenPorts } | undefined {
  const isSidecar = ({ name }: Container) => name === sidecarName;
  const native = spec.initContainers?.find(isSidecar);
  const sidecar = native ?? spec.containers?.find(isSidecar);
  if (sidecar === undefined) return undefined;
  const portIn = (name: string) =>
    Number(sidecar.env?.find((variable) => variable.name === name)?.value ?? Number.NaN);
  return {
    isNative: native !== undefined,
    ports: {
      proxy: portIn('ASSISTANT_PROXY_LISTEN_PORT') || 8080,
      admin: portIn('ASSISTANT_PROXY_ADMIN_PORT') || 9090,
      problems: [],
      warnings: [],
    },
  };
}

function pointContainers(
  { spec }: Pod,
  { containers: wanted, excluded }: Wishes,
  { proxyPort, isNative }: { proxyPort: number; isNative: boolean },
  warnings: string[],
): PatchOperation[] {
  // A plain container starts after the init containers have ended.
  const lists = isNative ? (['initContainers', 'containers'] as const) : (['containers'] as const);
  const found = new Set<string>();
  const patch: PatchOperation[] = [];
  for (const list of lists) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      const { name } = container;
      found.add(name);
      const isWanted = wanted?.includes(name) ?? true;
      if (name === sidecarName || !isWanted || excluded.includes(name)) continue;
      const pointed = pointAtSidecar(container, proxyPort);
      warnings.push(...pointed.warnings);
      if (pointed.env) patch.push({ op: 'add', path: `/spec/${list}/${index}/env`, value: pointed.env });
    }
  }
  for (const name of wanted ?? []) {
    if (found.has(name)) continue;
    const isInit = spec.initContainers?.some((container) => container.name === name) ?? false;
    warnings.push(
      isInit
        ? `the init container ${name} ends before a plain sidecar starts; use a native one`
        : `the pod has no container ${name}, which ${domain}containers names`,
    );
  }
  return patch;
}

/** A native sidecar comes first, so that it serves the init containers after it, too. */
function addSidecar({ spec }: Pod, sidecar: object, isNative: boolean): PatchOperation {
  const list = isNative ? 'initContainers' : 'containers';
  if (!spec[list]) return { op: 'add', path: `/spec/${list}`, value: [sidecar] };
  return { op: 'add', path: `/spec/${list}/${isNative ? '0' : '-'}`, value: sidecar };
}

/** A volume that the pod has under that name is used as it is: a claim for the state, say. */
function addVolumes({ spec }: Pod, volumes: readonly { name: string }[]): PatchOperation[] {
  const present = new Set(spec.volumes?.map(({ name }) => name));
  const missing = volumes.filter(({ name }) => !present.has(name));
  if (missing.length > 0 && !spec.volumes) return [{ op: 'add', path: '/spec/volumes', value: missing }];
  return missing.map((volume) => ({ op: 'add', path: '/spec/volumes/-', value: volume }));
}

function tellStatus(
  written: Readonly<Record<string, string>>,
  present: Pod['metadata']['annotations'],
  status: string,
): PatchOperation[] {
  if (written[statusKey] === status) return [];
  if (!present) return [{ op: 'add', path: '/metadata/annotations', value: { [statusKey]: status } }];
  return [{ op: 'add', path: `/metadata/annotations/${escapeToken(statusKey)}`, value: status }];
}
