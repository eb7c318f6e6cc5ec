import type { Clock } from '../../clock.ts';
import type { KubernetesClient, KubernetesObject } from '../kubernetes/kubernetes-client.ts';

interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

interface LeadershipParts {
  readonly client: Pick<KubernetesClient, 'get' | 'create' | 'replace'>;
  readonly clock: Pick<Clock, 'nowMs' | 'unixMs'>;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Of this process, and of no other. */
  readonly identity: string;
}

export interface Leadership {
  /** Takes or renews the Lease if nobody else has it. True if this process leads. */
  hold(): Promise<boolean>;
  /** Lets go, so that another need not wait until the Lease lapses. */
  release(): Promise<void>;
}

const leaseDurationSeconds = 30;

/**
 * One of the injectors looks after the certificate. It is a courtesy, and not what keeps the Secret whole: that is the
 * version that each change of it names. A Lease has lapsed when its record has not changed for as long as it says, on
 * this process's own clock, so that clocks need not agree.
 */
export function createLeadership({ client, clock, namespace, name, identity }: LeadershipParts): Leadership {
  const folder = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  let seen = '';
  let seenAtMs = 0;

  async function hold(): Promise<boolean> {
    const lease = await client.get<Lease>(`${folder}/${name}`);
    const now = microTime(clock.unixMs());
    const mine = { holderIdentity: identity, leaseDurationSeconds, renewTime: now };
    if (lease === undefined) {
      return client.create(folder, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace },
        spec: { ...mine, acquireTime: now, leaseTransitions: 0 },
      });
    }
    const { spec = {} } = lease;
    const record = `${spec.holderIdentity} ${spec.renewTime}`;
    if (record !== seen) [seen, seenAtMs] = [record, clock.nowMs()];
    const isMine = spec.holderIdentity === identity;
    const lapsesAtMs = seenAtMs + (spec.leaseDurationSeconds ?? leaseDurationSeconds) * 1000;
    if (!isMine && spec.holderIdentity && clock.nowMs() < lapsesAtMs) return false;
    const taken = { acquireTime: now, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
    return client.replace(`${folder}/${name}`, {
      ...lease,
      spec: { ...spec, ...mine, ...(isMine ? {} : taken) },
    });
  }

  async function release(): Promise<void> {
    const lease = await client.get<Lease>(`${folder}/${name}`);
    const { holderIdentity, ...rest } = lease?.spec ?? {};
    if (holderIdentity !== identity) return;
    await client.replace(`${folder}/${name}`, { ...lease, spec: rest });
  }

  return { hold, release };
}

/** RFC 3339 with the six digits that a Lease's times have. */
function microTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace('Z', '000Z');
}
