import type { Ledger } from './ledger.ts';

/** The holds that this process owns, kept from lapsing as long as it lives. */
export interface LiveHolds {
  add(org: string, holdId: string): void;
  remove(org: string, holdId: string): void;
  count(): number;
  /** Zero if there is none. */
  oldestAgeMs(): number;
  close(): void;
}

interface LiveHoldSettings {
  readonly ledger: Pick<Ledger, 'renew'>;
  readonly leaseMs: number;
  readonly onError: (error: Error) => void;
}

/** Renews three times a lease, all holds of an organisation in one step. */
export function keepHoldsAlive({ ledger, leaseMs, onError }: LiveHoldSettings): LiveHolds {
  /** When each was added, on `performance.now()`'s clock, the oldest first. */
  const holdsByOrg = new Map<string, Map<string, number>>();
  const timer = setInterval(() => void renewAll(), leaseMs / 3);
  timer.unref();
  return {
    add(org, holdId) {
      const holds = holdsByOrg.get(org);
      const nowMs = performance.now();
      if (holds) holds.set(holdId, nowMs);
      else holdsByOrg.set(org, new Map([[holdId, nowMs]]));
    },
    remove: (org, holdId) => void holdsByOrg.get(org)?.delete(holdId),
    count: () => [...holdsByOrg.values()].reduce((sum, holds) => sum + holds.size, 0),
    oldestAgeMs() {
      const nowMs = performance.now();
      const oldest = [...holdsByOrg.values()].map((holds) => holds.values().next().value ?? nowMs);
      return nowMs - Math.min(nowMs, ...oldest);
    },
    close: () => clearInterval(timer),
  };

  async function renewAll(): Promise<void> {
    for (const [org, holds] of holdsByOrg) {
      if (holds.size === 0) continue;
      // A lease that could not be renewed lapses; should its call end after all, the charge is put right.
      await ledger.renew({ org, leaseMs, holdIds: [...holds.keys()] }).catch(onError);
    }
  }
}
