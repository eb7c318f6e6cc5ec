import { issueAuthority, issueServing } from '../../../src/injector/certificates/issue.ts';
import { type Secret, writeMaterial } from '../../../src/injector/certificates/material.ts';

const dayMs = 86_400_000;

interface Age {
  readonly authorityDays?: number;
  readonly servingDays?: number;
  readonly namespace?: string;
}

/** The Secret of an injector that has run for a while: by default its authority is past two thirds of a year. */
export async function agedMaterial({
  authorityDays = 300,
  servingDays = 20,
  namespace = 'system',
}: Age = {}): Promise<Secret> {
  const nowMs = Date.now();
  const authority = await issueAuthority({ nowMs: nowMs - authorityDays * dayMs, days: 365 });
  const service = `assistant-proxy-injector.${namespace}`;
  const names = [`${service}.svc`, service, `${service}.svc.cluster.local`];
  const serving = await issueServing(authority, names, { nowMs: nowMs - servingDays * dayMs, days: 90 });
  const material = { authorities: [authority.certificate], authorityKey: authority.key, serving };
  return writeMaterial(material, 'assistant-proxy-injector-tls', undefined);
}
