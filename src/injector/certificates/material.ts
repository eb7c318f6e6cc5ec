import { X509Certificate, createPrivateKey } from 'node:crypto';

import type { KubernetesObject } from '../kubernetes/kubernetes-client.ts';
import type { KeyPair } from './issue.ts';

/** What the injectors share: whom the API server trusts, and what is served. All in PEM. */
export interface Material {
  /** The newest first. It signs; those behind it are still trusted. */
  readonly authorities: readonly string[];
  /** Of the newest authority. */
  readonly authorityKey: string;
  readonly serving: KeyPair;
}

export interface Secret extends KubernetesObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Undefined if the Secret does not hold what belongs in it: then all is made anew. */
export function readMaterial({ data = {} }: Secret): Material | undefined {
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  const authorities = text('ca.crt').match(onePem) ?? [];
  const authorityKey = text('ca.key');
  const serving = { certificate: text('tls.crt'), key: text('tls.key') };
  const [newest = ''] = authorities;
  const isWhole = isPair({ certificate: newest, key: authorityKey }) && isPair(serving);
  return isWhole && authorities.every(isCertificate) ? { authorities, authorityKey, serving } : undefined;
}

/** `present` is the Secret that is to be replaced, for its labels and its version. */
export function writeMaterial(
  { authorities, authorityKey, serving }: Material,
  name: string,
  present: Secret | undefined,
): Secret {
  const encode = (pem: string) => Buffer.from(pem).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    ...present,
    metadata: { ...present?.metadata, name },
    data: {
      'ca.crt': encode(bundle(authorities)),
      'ca.key': encode(authorityKey),
      'tls.crt': encode(serving.certificate),
      'tls.key': encode(serving.key),
    },
  };
}

export function bundle(authorities: readonly string[]): string {
  return authorities.map((pem) => `${pem.trim()}\n`).join('');
}

const onePem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function isPair({ certificate, key }: KeyPair): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
