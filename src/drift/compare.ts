import type { CountedHour } from '../ledger/count-by-hour.ts';
import { nanoUsdPerUsd } from '../openai/price.ts';
import type { ProviderTokens, ProviderUsage } from './provider-usage.ts';

export interface CompareSettings {
  readonly provider: Pick<ProviderUsage, 'tokens' | 'costUsd'>;
  /** What all sidecars have charged. */
  readonly hours: () => Promise<readonly CountedHour[]>;
  readonly periodHours: number;
  /** How long after its end a period is taken to be counted. */
  readonly delayMs: number;
}

/** Each is undefined as long as no whole period has been counted here. */
export interface Drift {
  readonly tokens: (Compared & { readonly byKind: ProviderTokens }) | undefined;
  readonly usd: Compared | undefined;
}

export interface Compared {
  /** Whole hours, or days. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly provider: number;
  readonly ledger: number;
  /** Zero if both are the same; above if the provider counted more. Infinity if the ledger has nothing. */
  readonly ratio: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Compares what the ledger charged with what the provider counted, over the same closed periods: whole hours of tokens,
 * and the last whole day of costs, since a provider tells those by the day alone. Nothing is compared from before the
 * first whole hour that the ledger counted.
 */
export async function compare(settings: CompareSettings, nowMs: number): Promise<Drift> {
  const { provider, periodHours, delayMs } = settings;
  const hours = await settings.hours();
  const closedMs = nowMs - delayMs;
  const hoursEndMs = startOf(closedMs, hourMs);
  const dayEndMs = startOf(closedMs, dayMs);
  // Of the first hour only a part was counted.
  const sinceMs = Math.min(...hours.map(({ startMs }) => startMs)) + hourMs;
  return { tokens: await compareTokens(), usd: await compareUsd() };

  async function compareTokens(): Promise<Drift['tokens']> {
    const fromMs = Math.max(hoursEndMs - periodHours * hourMs, sinceMs);
    if (fromMs >= hoursEndMs) return undefined;
    const byKind = await provider.tokens(fromMs, hoursEndMs);
    const tokens = sum('tokens', fromMs, hoursEndMs);
    return { ...compared(fromMs, hoursEndMs, byKind.input + byKind.output, tokens), byKind };
  }

  async function compareUsd(): Promise<Compared | undefined> {
    const fromMs = dayEndMs - dayMs;
    if (fromMs < sinceMs) return undefined;
    const costUsd = await provider.costUsd(fromMs, dayEndMs);
    return compared(fromMs, dayEndMs, costUsd, sum('nanoUsd', fromMs, dayEndMs) / nanoUsdPerUsd);
  }

  function sum(amount: 'tokens' | 'nanoUsd', fromMs: number, toMs: number): number {
    const inside = hours.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
    return inside.reduce((total, hour) => total + hour[amount], 0);
  }
}

function startOf(atMs: number, lengthMs: number): number {
  return Math.floor(atMs / lengthMs) * lengthMs;
}

function compared(fromMs: number, toMs: number, provider: number, ledger: number): Compared {
  const ratio = provider === ledger ? 0 : provider / ledger - 1;
  return { fromMs, toMs, provider, ledger, ratio };
}
