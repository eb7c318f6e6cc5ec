import { StoreUnavailable } from '../../store-unavailable.ts';
import type { AssistantStore } from '../store/store.ts';
import { passes } from './passes.ts';

export interface WatchWorkParts {
  readonly store: Pick<AssistantStore, 'renew' | 'claim'>;
  readonly orgs: () => readonly string[];
  readonly leaseMs: number;
  /** A float in [0, 1). */
  readonly random: () => number;
  /** What this pod does for an organisation, and will go on with. */
  readonly mine: (org: string) => readonly string[];
  /** Somebody wants this work to be looked at. Never rejects. */
  readonly onCalled: (name: string) => void;
  /** This work is due, and this pod is to look at it. */
  readonly take: (org: string, name: string) => Promise<unknown>;
  readonly onError: (error: Error) => void;
}

/** How often due work is looked for. */
const claimEveryMs = 1000;
const claimAtOnce = 20;

/**
 * Keeps others from taking what this pod does, until `closing`; and takes what others have left behind, until `leaving`.
 * Resolves when both are over.
 */
export async function watchWork(
  parts: WatchWorkParts,
  leaving: AbortSignal,
  closing: AbortSignal,
): Promise<void> {
  const { store, orgs, leaseMs, random, mine, onCalled, take, onError } = parts;
  const renewEveryMs = Math.min(leaseMs / 4, 1000);
  /** Organisations whose work nobody could renew for a while, because the store was away. */
  const missed = new Set<string>();
  await Promise.all([renewing(), claiming()]);

  async function renewing(): Promise<void> {
    while (await passes(renewEveryMs, closing)) {
      for (const org of orgs()) {
        const names = mine(org);
        if (names.length === 0) continue;
        const called = await store.renew(org, names, leaseMs).catch(tellOutage);
        for (const name of called ?? []) onCalled(name);
      }
    }
  }

  async function claiming(): Promise<void> {
    while (await passes(claimEveryMs * (0.75 + random() / 2), leaving)) {
      for (const org of orgs()) {
        const askedAtMs = performance.now();
        const names = await store.claim(org, leaseMs, claimAtOnce).catch(tellOutage);
        if (!names) continue;
        const isSteady = !missed.has(org) && performance.now() - askedAtMs < renewEveryMs;
        if (names.length < claimAtOnce) missed.delete(org);
        // Leases that lapsed while the store was away say nothing of their owners, who get another one by the claim.
        // So does what can't be taken now, whatever the reason.
        if (isSteady) await Promise.all(names.map((name) => take(org, name).catch(onError)));
      }
    }
  }

  function tellOutage(error: Error): undefined {
    if (!(error instanceof StoreUnavailable)) throw error;
    for (const org of orgs()) missed.add(org);
    onError(error);
  }
}
