import { X509Certificate } from 'node:crypto';

import { backdatedMs, issueAuthority, issueServing } from './issue.ts';
import type { Material } from './material.ts';

export interface RotationRules {
  /** What the API server calls the injector. */
  readonly names: readonly string[];
  readonly certificateDays: number;
  readonly authorityDays: number;
  /** How long every API server may take to trust a new authority, once it is told of it. */
  readonly settleMs: number;
}

/** More than an authority and its forerunner are never needed at one time; the rest guards against mishaps. */
const maxAuthorities = 3;

/**
 * The one thing that is to be done next, or undefined if nothing is. A new authority is trusted first, and signs only
 * when that has settled; the one before it stays trusted until it expires. So whoever shows a certificate of either is
 * believed at every moment, and a step may be taken late, or by another injector.
 */
export async function nextMaterial(
  present: Material | undefined,
  nowMs: number,
  rules: RotationRules,
): Promise<Material | undefined> {
  const trusted = (present?.authorities ?? []).filter(
    (pem) => new X509Certificate(pem).validToDate.getTime() > nowMs,
  );
  if (present === undefined || trusted[0] !== present.authorities[0]) return startOver(trusted, nowMs, rules);

  const authority = new X509Certificate(trusted[0]!);
  if (isWornOut(authority, nowMs)) {
    const { certificate, key } = await issueAuthority({ nowMs, days: rules.authorityDays });
    const authorities = [certificate, ...trusted].slice(0, maxAuthorities);
    return { ...present, authorities, authorityKey: key };
  }
  const serving = new X509Certificate(present.serving.certificate);
  const isUsable = serving.validToDate.getTime() > nowMs && trusted.some((pem) => isSignedBy(serving, pem));
  const isNamed = rules.names.every((name) => serving.checkHost(name) !== undefined);
  const isFine = isUsable && isNamed && isSignedBy(serving, trusted[0]!) && !isWornOut(serving, nowMs);
  const isSettled = nowMs - begunAtMs(authority) >= rules.settleMs;
  if (!isFine && (isSettled || !isUsable))
    return withServing({ ...present, authorities: trusted }, nowMs, rules);
  return trusted.length < present.authorities.length ? { ...present, authorities: trusted } : undefined;
}

/** There is nothing that anybody trusts, so nothing has to wait. */
async function startOver(trusted: readonly string[], nowMs: number, rules: RotationRules): Promise<Material> {
  const { certificate, key } = await issueAuthority({ nowMs, days: rules.authorityDays });
  const authorities = [certificate, ...trusted].slice(0, maxAuthorities);
  return withServing({ authorities, authorityKey: key }, nowMs, rules);
}

async function withServing(
  { authorities, authorityKey }: Omit<Material, 'serving'>,
  nowMs: number,
  { names, certificateDays }: RotationRules,
): Promise<Material> {
  const authority = { certificate: authorities[0]!, key: authorityKey };
  const serving = await issueServing(authority, names, { nowMs, days: certificateDays });
  return { authorities, authorityKey, serving };
}

/** Two thirds of its life are over. */
function isWornOut(certificate: X509Certificate, nowMs: number): boolean {
  const begun = begunAtMs(certificate);
  return nowMs >= begun + ((certificate.validToDate.getTime() - begun) * 2) / 3;
}

/** When it was made: it is dated back by an hour. */
function begunAtMs({ validFromDate }: X509Certificate): number {
  return validFromDate.getTime() + backdatedMs;
}

function isSignedBy(certificate: X509Certificate, authority: string): boolean {
  const { publicKey, subject } = new X509Certificate(authority);
  return certificate.issuer === subject && certificate.verify(publicKey);
}
