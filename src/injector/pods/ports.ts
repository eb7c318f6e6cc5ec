import type { Container } from './pod-shape.ts';

export interface Ports {
  readonly proxy: number;
  readonly admin: number;
}

export interface ChosenPorts extends Ports {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const usual: Ports = { proxy: 8080, admin: 9090 };

/** What a pod asks for, else the usual ports, or those after them that its containers say nothing of. */
export function choosePorts(
  containers: readonly Container[],
  wanted: { readonly [Port in keyof Ports]: number | undefined },
): ChosenPorts {
  const users = new Map(containers.flatMap(({ name, ...rest }) => portsOf(rest).map((port) => [port, name])));
  const problems: string[] = [];
  const warnings: string[] = [];
  const asked = new Set([wanted.proxy, wanted.admin]);

  function choose(kind: keyof Ports, annotation: string): number {
    const port = wanted[kind];
    if (port !== undefined) {
      const user = users.get(port);
      if (user !== undefined) {
        problems.push(
          `the container ${user} uses port ${port}, which ${annotation} asks for; choose another`,
        );
      }
      return port;
    }
    let free = usual[kind];
    while (users.has(free) || asked.has(free)) free += 1;
    const user = users.get(usual[kind]);
    if (user !== undefined) {
      warnings.push(
        `the container ${user} uses port ${usual[kind]}, so the sidecar has ${free}; see ${annotation}`,
      );
    }
    asked.add(free);
    return free;
  }

  const proxy = choose('proxy', 'assistant-proxy.io/port');
  const admin = choose('admin', 'assistant-proxy.io/admin-port');
  return { proxy, admin, problems, warnings };
}

/** A port that a probe asks is one that the container listens on, whether it says so or not. */
function portsOf({ ports, startupProbe, readinessProbe, livenessProbe }: Omit<Container, 'name'>): number[] {
  const declared = (ports ?? []).map(({ containerPort }) => containerPort);
  const probed = [startupProbe, readinessProbe, livenessProbe].flatMap((probe) =>
    [probe?.httpGet, probe?.tcpSocket, probe?.grpc].map((target) => target?.port),
  );
  return [...declared, ...probed].filter((port) => typeof port === 'number');
}
