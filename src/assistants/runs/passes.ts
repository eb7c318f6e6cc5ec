import { setTimeout as sleep } from 'node:timers/promises';

/** False, and at once, if the signal aborts meanwhile. */
export async function passes(delayMs: number, signal: AbortSignal): Promise<boolean> {
  return sleep(delayMs, true, { signal, ref: false }).catch(() => false);
}
