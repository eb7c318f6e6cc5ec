import type { Clock } from '../../clock.ts';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.ts';
import { publishBundle } from './ca-bundle.ts';
import { type CertificateSource, readServing } from './certificate-source.ts';
import { createLeadership } from './leadership.ts';
import { bundle, type Material, readMaterial, type Secret, writeMaterial } from './material.ts';
import { nextMaterial } from './next-material.ts';

interface SelfParts {
  readonly client: KubernetesClient;
  readonly clock: Pick<Clock, 'nowMs' | 'unixMs'>;
  readonly namespace: string;
  /** Of the Service, the Lease and the webhook configuration. */
  readonly name: string;
  readonly identity: string;
  readonly certificateDays: number;
  readonly authorityDays: number;
  readonly settleMs: number;
  /** Whether this injector looks after the certificate, as often as that is asked. */
  onLeading(isLeader: boolean): void;
  /** Something failed that does not keep the certificate from being served. */
  onProblem(error: Error): void;
}

/** From nothing to a served certificate it takes two steps; another injector may get in between a few times. */
const maxSteps = 5;

/**
 * A certificate that the injectors make themselves, and share in a Secret. One of them leads: it takes the steps of
 * `nextMaterial`, and tells the API server whom to trust before it takes the next.
 */
export function createSelfCertificate(parts: SelfParts): CertificateSource {
  const { client, clock, namespace, name } = parts;
  const leadership = createLeadership(parts);
  const folder = `/api/v1/namespaces/${namespace}/secrets`;
  const secretName = `${name}-tls`;
  const service = `${name}.${namespace}`;
  const rules = { ...parts, names: [`${service}.svc`, service, `${service}.svc.cluster.local`] };
  const read = () => client.get<Secret>(`${folder}/${secretName}`);

  /** Writes down the next step. False if another injector was faster. */
  function write(material: Material, present: Secret | undefined): Promise<boolean> {
    const secret = writeMaterial(material, secretName, present);
    return present ? client.replace(`${folder}/${secretName}`, secret) : client.create(folder, secret);
  }

  async function lookAfter(): Promise<Material | undefined> {
    for (let step = 0; step < maxSteps; step += 1) {
      const secret = await read();
      const material = secret && readMaterial(secret);
      if (material) await publishBundle(client, name, bundle(material.authorities));
      const next = await nextMaterial(material, clock.unixMs(), rules);
      if (next === undefined) return material;
      await write(next, secret);
    }
    throw new Error(
      `the Secret ${secretName} keeps changing; are there injectors that disagree on their names?`,
    );
  }

  async function leads(): Promise<boolean> {
    let isLeader = false;
    try {
      isLeader = await leadership.hold();
    } finally {
      parts.onLeading(isLeader);
    }
    return isLeader;
  }

  return {
    async refresh() {
      if (await leads()) await lookAfter().catch(parts.onProblem);
      const secret = await read();
      const serving = secret && readMaterial(secret)?.serving;
      return serving && readServing(serving.certificate, serving.key);
    },
    close: () => leadership.release(),
  };
}
