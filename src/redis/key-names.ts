import type { Partition } from '../assistants/store/store.ts';
import type { Call } from '../idempotency/answer-store.ts';
import type { BudgetLine, ConcurrencyLine, RateLine } from '../ledger/admission.ts';
import type { Scope } from '../redaction/vault.ts';
import type { UpstreamAccount } from '../upstream-limits/shared-allowances.ts';

/**
 * What keys are called behind what all of an organisation's begin with: see `lua/shared.lua`. The parts are
 * percent-encoded, so that none can look like two, and no key has a space or a line's end in it.
 */
export const holdsKey = 'h';
export const dueKey = 'd';
export const indexKey = 'i';

export function keyBase(prefix: string, org: string): string {
  return `${prefix}:{${encodeName(org)}}:`;
}

/** The keys of a partition, in the order in which scripts take them: see `lua/documents.lua`. */
export function partitionKeys(prefix: string, { org, name }: Partition): string[] {
  const base = `${prefix}:{${encodeName(org)}:${encodeName(name)}}:`;
  return [`${base}b`, `${base}m`, `${base}l`];
}

/** The keys of an organisation's work: see `lua/assistant-work.lua`. No partition's tag has two colons. */
export function workKeys(prefix: string, org: string): [due: string, called: string] {
  const base = `${prefix}:{${encodeName(org)}::work}:`;
  return [`${base}d`, `${base}c`];
}

/** See `lua/upstream-limits.lua`. Its tag has three colons, and so is no organisation's. */
export function upstreamLimitsKey(prefix: string, { name, origin }: UpstreamAccount, model: string): string {
  return `${prefix}:{::${encodeName(name)}:${encodeName(origin)}}:l:${encodeName(model)}`;
}

/** The key of a call with an Idempotency-Key: see `lua/answers.lua`. Each has a tag of its own, as answers are large. */
export function callKey(prefix: string, { org, name }: Pick<Call, 'org' | 'name'>): string {
  return `${prefix}:{${encodeName(org)}::call:${encodeName(name)}}:c`;
}

/** The key of a scope of originals: see `lua/vault.lua`. No call's tag ends like that. */
export function vaultKey(prefix: string, { org, kind, id }: Scope): string {
  return `${prefix}:{${encodeName(org)}::originals}:${kind}:${encodeName(id)}`;
}

export function windowKey({
  budget,
  scope,
  window,
}: Pick<BudgetLine, 'budget' | 'scope' | 'window'>): string {
  return `w:${encodeName(budget)}:${encodeName(scope)}:${encodeName(window.code)}`;
}

export function rateKey({ limit, scope }: Pick<RateLine, 'limit' | 'scope'>): string {
  return `r:${encodeName(limit)}:${encodeName(scope)}`;
}

export function placesKey({ limit, scope }: Pick<ConcurrencyLine, 'limit' | 'scope'>): string {
  return `c:${encodeName(limit)}:${encodeName(scope)}`;
}

/** The queue for places, and when those in it last asked. */
export function queueKeys({ limit, scope }: Pick<ConcurrencyLine, 'limit' | 'scope'>): [string, string] {
  const name = `${encodeName(limit)}:${encodeName(scope)}`;
  return [`q:${name}`, `a:${name}`];
}

export function tombstoneKey(holdId: string): string {
  return `s:${holdId}`;
}

export function upstreamKey(upstreamId: string): string {
  return `u:${upstreamId}`;
}

/** Reads a window's key, without its letter, back; undefined for what is none. */
export function parseWindowName(
  name: string,
): { budget: string; scope: string; windowCode: string } | undefined {
  const parts = name.split(':');
  if (parts.length !== 3) return undefined;
  try {
    const [budget, scope, windowCode] = parts.map(decodeURIComponent) as [string, string, string];
    return { budget, scope, windowCode };
  } catch {
    return undefined;
  }
}

/** No colon, no brace, and the same for a lone surrogate as UTF-8 has for it. */
export function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
