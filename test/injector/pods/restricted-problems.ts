import type { Container } from '../../../src/injector/pods/pod-shape.ts';

interface Restricted {
  readonly name?: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly securityContext?: {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly readOnlyRootFilesystem?: boolean;
    readonly procMount?: string;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
    readonly seccompProfile?: { readonly type?: string };
  };
}

const volumeKinds = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/**
 * Where a container and volumes fall short of the `restricted` Pod Security Standard, and of a read-only root.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
export function restrictedProblems(container: Container, volumes: readonly object[]): string[] {
  const { securityContext: context = {}, ports = [] } = container as Restricted;
  const rules: Record<string, boolean> = {
    'is not privileged': !context.privileged,
    'can not gain privileges': context.allowPrivilegeEscalation === false,
    'is not root': context.runAsNonRoot === true && context.runAsUser !== 0,
    'drops all capabilities': context.capabilities?.drop?.includes('ALL') ?? false,
    'adds no capability': (context.capabilities?.add ?? []).length === 0,
    'has a seccomp profile': context.seccompProfile?.type === 'RuntimeDefault',
    'has the default proc mount': context.procMount === undefined,
    'takes no port of the host': ports.every(({ hostPort }) => hostPort === undefined),
    'has a read-only root': context.readOnlyRootFilesystem === true,
    'mounts no volume of the host': volumes.every((volume) =>
      Object.keys(volume).every((key) => key === 'name' || volumeKinds.has(key)),
    ),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}
