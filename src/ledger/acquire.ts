import { setTimeout as sleep } from 'node:timers/promises';

import { CallerLeft } from '../errors.ts';
import type { RuleKind } from '../exchange.ts';
import { type Admission, type Demand, type Denied, type Granted, queuePlaceMs } from './admission.ts';
import type { Ledger } from './ledger.ts';
import { refusal } from './refusal.ts';

export interface Request {
  readonly admission: Omit<Admission, 'waitedMs' | 'demand'>;
  /** By a cheap bound on the input. */
  readonly demand: Demand;
  /** The exact one; undefined if there is none better. */
  readonly count: (() => Promise<Demand>) | undefined;
  /** The limits that a call which waits for a place is bound by as they are now; asked again and again. */
  readonly placesNow: () => Admission['concurrencies'];
  /** Aborted when the caller left. */
  readonly signal: AbortSignal;
}

interface Hearers {
  readonly onGranted: (granted: Granted) => void;
  /** With the name of the budget or limit that refuses. */
  readonly onDenied: (rule: string, kind: RuleKind) => void;
  /** For a turn that a limit lets calls wait for. */
  readonly onWaited: (waitedMs: number) => void;
}

/**
 * Gets a call what it needs of every budget and limit that matches it, waiting in order where a limit allows
 * it. One round trip to the store, but for a call that waits, and for one of which only an exact count of its input
 * can tell whether it fits.
 *
 * Rejects with `budget_exceeded` or `rate_limit_exceeded`, with `StoreUnavailable`, or with `CallerLeft`. What
 * was granted and is not used is for the caller of this function to give back: `onGranted` comes before any
 * wait.
 */
export async function acquire(
  ledger: Ledger,
  { admission, demand, count, placesNow, signal }: Request,
  { onGranted, onDenied, onWaited }: Hearers,
): Promise<Granted> {
  const askedAtMs = performance.now();
  // Before a bound lowers a call's output, its input is counted.
  let current = count ? { ...demand, minOutputTokens: demand.outputTokens } : demand;
  let isCounted = !count;
  let hasPlace = false;
  let { concurrencies } = admission;
  for (;;) {
    const waitedMs = Math.round(performance.now() - askedAtMs);
    const asked: Admission = { ...admission, concurrencies, demand: current, waitedMs };
    const decision = await ledger.admit(asked);
    if (decision.kind === 'granted') {
      onGranted(decision);
      if (decision.delayMs > 0) await waitFor(decision.delayMs, { signal, onWaited });
      return decision;
    }
    if (decision.kind === 'queued') {
      hasPlace = true;
      const onLeft = () => ledger.leaveQueue(asked);
      await waitFor(pollDelayMs(decision.ahead), { signal, onWaited, onLeft });
      // Else those that come after a limit was raised would go first, and it would be refused in the end.
      concurrencies = placesNow();
    } else if (count && !isCounted && isAboutTokens(asked, decision)) {
      current = await count();
      isCounted = true;
    } else {
      if (hasPlace) await ledger.leaveQueue(asked).catch(() => {});
      onDenied(nameOf(asked, decision), kinds[decision.by.list]);
      throw refusal(asked, decision);
    }
  }
}

/** Those further behind ask less often, and all of them often enough to keep their place. */
function pollDelayMs(ahead: number): number {
  return Math.min(25 + ahead * 10, queuePlaceMs / 4);
}

const kinds = { budgets: 'budget', rates: 'rate', concurrencies: 'concurrency' } as const;

interface Wait extends Pick<Hearers, 'onWaited'> {
  readonly signal: AbortSignal;
  readonly onLeft?: () => Promise<void>;
}

async function waitFor(delayMs: number, { signal, onWaited, onLeft }: Wait): Promise<void> {
  const fromMs = performance.now();
  try {
    await sleep(delayMs, undefined, { signal });
  } catch (cause) {
    // A place that could not be given up lapses by itself.
    await onLeft?.().catch(() => {});
    throw Object.assign(new CallerLeft(), { cause });
  } finally {
    onWaited(performance.now() - fromMs);
  }
}

/** Whether a smaller demand might have been granted. */
function isAboutTokens({ rates }: Admission, { by }: Denied): boolean {
  return by.list === 'budgets' || (by.list === 'rates' && rates[by.index]!.unit === 'tokens');
}

function nameOf(admission: Admission, { by }: Denied): string {
  if (by.list === 'budgets') return admission.budgets[by.index]!.budget;
  return admission[by.list][by.index]!.limit;
}
