import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; returns early, without an error, when the signal is aborted. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0 || signal.aborted) return;
  await sleep(delayMs, undefined, { signal }).catch(() => {});
}
