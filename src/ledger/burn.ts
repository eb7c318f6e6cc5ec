import { nanoUsdPerUsd } from '../openai/price.ts';
import type { Amounts } from './amounts.ts';
import type { BudgetReport } from './budget-report.ts';
import type { SettledBudget } from './settlement.ts';

/** Remembers how budgets were used lately, to tell how long they will last. In memory, and bounded. */
export interface Burn {
  /** A charge of this pod, which tells what all pods have used. */
  charged(org: string, budget: SettledBudget): void;
  /** Of a budget as it is now. */
  forecast(report: BudgetReport): Forecast;
}

export interface Forecast {
  /** In the budget's unit. */
  readonly perHour: number;
  /** How much of the time before now that is the mean of. */
  readonly overSeconds: number;
  /** When it will be used up at this rate, in Unix milliseconds; undefined if it won't be, in this window or ever. */
  readonly goneAtMs: number | undefined;
  readonly isRolling: boolean;
  /** What was used, oldest first; the last is now. */
  readonly history: readonly { readonly atMs: number; readonly used: number }[];
}

interface BurnSettings {
  /** Whether a budget has a rolling window. */
  readonly isRolling: (budget: string) => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const horizonMs = 900_000;
const sampleEveryMs = 20_000;
/** A rate over less than that is an accident. */
const leastElapsedMs = 30_000;
/** Windows of scopes that were charged longest ago are forgotten first. */
const maxTracks = 500;

interface Sample {
  readonly atMs: number;
  readonly used: Amounts;
}

/** Oldest first; one may be older than the horizon. */
type Track = Sample[];

export function createBurn({ isRolling: rolls, now }: BurnSettings): Burn {
  const tracks = new Map<string, Track>();
  return {
    charged(org, { budget, scope, startMs, usedBefore, usedAfter }) {
      remember(keyOf(org, budget, scope, rolls(budget) ? 0 : startMs), usedAfter, usedBefore);
    },
    forecast(report) {
      const isRolling = rolls(report.name);
      const startMs = isRolling ? 0 : Date.parse(report.windowStart);
      const key = keyOf(report.org, report.name, report.scope, startMs);
      const history = historyOf(tracks.get(key), report);
      const [oldest] = history;
      const last = { atMs: now(), used: report.used };
      const elapsedMs = oldest ? last.atMs - oldest.atMs : 0;
      const rate =
        oldest && elapsedMs >= leastElapsedMs
          ? { perMs: Math.max(0, report.used - oldest.used) / elapsedMs, overMs: elapsedMs }
          : meanOfWindow(report);
      const leftMs = Math.max(0, report.limit - report.used) / rate.perMs;
      const endMs = isRolling ? last.atMs + lengthMs(report) : Date.parse(report.windowEnd);
      const goneAtMs = last.atMs + leftMs;
      return {
        perHour: rate.perMs * 3_600_000,
        overSeconds: Math.round(rate.overMs / 1000),
        goneAtMs: goneAtMs < endMs ? Math.round(goneAtMs) : undefined,
        isRolling,
        history: [...history, last],
      };
    },
  };

  function remember(key: string, used: Amounts, usedBefore: Amounts): void {
    const atMs = now();
    const track = tracks.get(key) ?? [{ atMs, used: usedBefore }];
    if (track.length > 1 && slotOf(track.at(-1)!.atMs) === slotOf(atMs)) track.pop();
    track.push({ atMs, used });
    while (track.length > 2 && track[1]!.atMs <= atMs - horizonMs) track.shift();
    tracks.delete(key);
    tracks.set(key, track);
    if (tracks.size > maxTracks) tracks.delete(tracks.keys().next().value!);
  }

  function historyOf(track: Track | undefined, { unit }: BudgetReport): Forecast['history'] {
    if (!track) return [];
    const firstInside = track.findIndex(({ atMs }) => atMs > now() - horizonMs);
    // The last one before the horizon is what all that came since is measured by.
    const from = firstInside === -1 ? track.length - 1 : Math.max(0, firstInside - 1);
    return track.slice(from).map(({ atMs, used }) => ({
      atMs,
      used: unit === 'tokens' ? used.tokens : used.nanoUsd / nanoUsdPerUsd,
    }));
  }

  /** Nothing better is known of what this pod has not seen. */
  function meanOfWindow(report: BudgetReport): { perMs: number; overMs: number } {
    const overMs = rolls(report.name)
      ? lengthMs(report)
      : Math.max(leastElapsedMs, now() - Date.parse(report.windowStart));
    // What a full rolling window loses it gains again, so its mean says nothing of where it goes.
    return { perMs: rolls(report.name) ? 0 : report.used / overMs, overMs };
  }
}

function slotOf(atMs: number): number {
  return Math.floor(atMs / sampleEveryMs);
}

function lengthMs({ windowStart, windowEnd }: BudgetReport): number {
  return Date.parse(windowEnd) - Date.parse(windowStart);
}

/** A charge that comes late, or a budget whose window is another one since, has a track of its own. */
function keyOf(org: string, budget: string, scope: string, startMs: number): string {
  return `${startMs} ${budget} ${scope} ${org}`;
}
