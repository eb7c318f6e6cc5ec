import type { Claim, DueHold, Renewal } from '../ledger/ledger.ts';
import type { Deferral } from '../ledger/settlement.ts';
import type { LedgerState } from './state.ts';
import { keyOf } from './table.ts';

export function renew(state: LedgerState, { org, leaseMs, holdIds }: Renewal, nowMs: number): void {
  for (const holdId of holdIds) {
    const key = keyOf(org, holdId);
    const hold = state.holds.get(key);
    // A deferred hold is due when its upstream is to be asked, whoever else lives.
    if (hold === undefined || hold.upstream !== undefined) continue;
    const leaseEndMs = nowMs + leaseMs;
    state.holds.set(key, { ...hold, leaseEndMs, dueAtMs: leaseEndMs });
    state.concurrency.take(hold.concurrencyKeys, holdId, leaseEndMs);
  }
}

export function defer(state: LedgerState, deferral: Deferral, nowMs: number): boolean {
  const { org, holdId, upstream, pollAfterMs } = deferral;
  const key = keyOf(org, holdId);
  const hold = state.holds.get(key);
  if (hold === undefined) return false;
  if (hold.upstream !== undefined) state.upstreamIds.delete(keyOf(org, hold.upstream.id));
  state.upstreamIds.set(keyOf(org, upstream.id), holdId);
  const dueAtMs = nowMs + pollAfterMs;
  state.holds.set(key, { ...hold, upstream, dueAtMs, leaseEndMs: dueAtMs });
  state.concurrency.take(hold.concurrencyKeys, holdId, dueAtMs);
  return true;
}

export function claimDue(state: LedgerState, { org, max, claimMs }: Claim, nowMs: number): DueHold[] {
  const due = [...state.holds.entries()]
    .filter(([, hold]) => hold.org === org && hold.dueAtMs <= nowMs)
    .sort(([, left], [, right]) => left.dueAtMs - right.dueAtMs)
    .slice(0, max);
  return due.map(([key, hold]) => {
    const { holdId, note, held, admittedAtMs, upstream } = hold;
    const dueAtMs = nowMs + claimMs;
    // Work that goes on upstream keeps its place; the call of an owner who is gone has lost it.
    const leaseEndMs = upstream === undefined ? hold.leaseEndMs : dueAtMs;
    state.holds.set(key, { ...hold, dueAtMs, leaseEndMs });
    if (upstream !== undefined) state.concurrency.take(hold.concurrencyKeys, holdId, dueAtMs);
    return { holdId, note, held, admittedAtMs, upstream };
  });
}
