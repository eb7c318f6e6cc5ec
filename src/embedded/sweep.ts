import { drain } from './rates.ts';
import type { LedgerState } from './state.ts';
import { dropEnded } from './windows.ts';

/** Drops what no call can ask for any more, so that neither memory nor the file grows with time. */
export function sweep(state: LedgerState, nowMs: number): void {
  for (const [key, account] of state.accounts.entries()) {
    const kept = dropEnded(account, nowMs);
    if (kept.cells.length === 0) state.accounts.delete(key);
    else if (kept !== account) state.accounts.set(key, kept);
  }
  for (const [key, bucket] of state.buckets.entries()) {
    if (drain(bucket, bucket.perSecond, nowMs).level === 0) state.buckets.delete(key);
  }
  for (const [key, { forgetAtMs, upstreamKey }] of state.tombstones.entries()) {
    if (nowMs < forgetAtMs) continue;
    state.tombstones.delete(key);
    if (upstreamKey !== undefined) state.upstreamIds.delete(upstreamKey);
  }
  for (const [key, { forgetAtMs }] of state.recentTombstones) {
    // All are kept equally long, so those behind came later.
    if (nowMs < forgetAtMs) break;
    state.recentTombstones.delete(key);
  }
  state.concurrency.sweep(nowMs);
}
