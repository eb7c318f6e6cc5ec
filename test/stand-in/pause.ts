import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits; returns early, without an error, when the signal is aborted. Short waits are never cut short, because
 * listening to the signal would take longer than most chunks of a stream.
 */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0 || signal.aborted) return;
  if (delayMs <= 50) await sleep(delayMs);
  else await sleep(delayMs, undefined, { signal }).catch(() => {});
}
