import type { UpstreamLimit } from '../openai/rate-limit-headers.ts';
import { type Allowance, giveBack, replenished, seen, spend, waitMsOf } from './allowance.ts';
import { createOthersPace } from './others-pace.ts';
import type { CommonCount, CommonKind, KindNews } from './shared-allowances.ts';

/** What a call took of one kind of limit. */
export interface Share {
  readonly spent: number;
  /** All that was ever taken, by this pod and by others as far as it had heard, up to and with this call. */
  readonly takenBy: number;
}

/** What this pod knows of one kind of one model's limits, and has not told others yet. */
export interface KindLimits {
  /** Returns how long the call has to wait besides. */
  take(amount: number, nowMs: number): { share: Share; waitMs: number };
  giveBack(share: Share): void;
  /** False if it is older than what is known. */
  see(limit: UpstreamLimit, share: Share, sentAtMs: number, nowMs: number): boolean;
  hasNews(): boolean;
  /** What was not told yet is a good part of what is left. */
  isUrgent(): boolean;
  /** What is told is no news any more, unless `lost` says that nobody heard it. */
  tell(nowMs: number): KindNews;
  lost(told: KindNews): void;
  hear(common: CommonKind | undefined, told: KindNews, nowMs: number): void;
}

export function createKindLimits(maxWaitMs: number): KindLimits {
  let allowance: Allowance | undefined;
  let taken = 0;
  let untold = { taken: 0, spent: 0, isSeen: false };
  let heard: CommonCount | undefined;
  const others = createOthersPace();

  return {
    take(amount, nowMs) {
      taken += amount;
      untold.taken += amount;
      if (!allowance) return { share: { spent: 0, takenBy: taken }, waitMs: 0 };
      const before = replenished(allowance, nowMs).left;
      allowance = spend(allowance, amount, nowMs, maxWaitMs);
      const spent = before - allowance.left;
      untold.spent += spent;
      return { share: { spent, takenBy: taken }, waitMs: waitMsOf(allowance, others.unheard(nowMs)) };
    },
    giveBack({ spent }) {
      if (!allowance || spent === 0) return;
      allowance = giveBack(allowance, spent);
      untold.spent -= spent;
    },
    see(limit, { takenBy }, sentAtMs, nowMs) {
      const isNewer = !allowance || allowance.seenAtMs <= sentAtMs;
      allowance = seen(allowance, { limit, sentAtMs, takenSince: taken - takenBy }, nowMs);
      untold.isSeen ||= isNewer;
      return isNewer;
    },
    hasNews: () => untold.isSeen || (allowance !== undefined && (untold.taken > 0 || untold.spent !== 0)),
    isUrgent: () => allowance !== undefined && allowance.left > 0 && untold.spent * 4 >= allowance.left,
    tell(nowMs) {
      const news = {
        taken: untold.taken,
        spent: untold.spent,
        heard,
        seen: untold.isSeen ? told(allowance!, nowMs) : undefined,
      };
      untold = { taken: 0, spent: 0, isSeen: false };
      return news;
    },
    // What was taken is not told again: it may have arrived, and what is seen next has it anyhow.
    lost(news) {
      untold.isSeen ||= news.seen !== undefined;
    },
    hear(common, news, nowMs) {
      if (!common) {
        heard = undefined;
        return;
      }
      const { count } = common;
      const isContinued = heard?.sinceUs === count.sinceUs;
      // What this pod has seen meanwhile is newer, and told next, with what others took up to then.
      if (untold.isSeen && heard && isContinued) {
        heard = { ...heard, taken: heard.taken + news.taken };
        return;
      }
      if (heard && isContinued) {
        const takenByOthers = Math.max(0, count.taken - heard.taken - news.taken);
        taken += takenByOthers;
        others.hear(takenByOthers, nowMs);
      }
      heard = count;
      if (untold.isSeen) return;
      const { limit, left, perMs, seenAgoMs } = common.allowance;
      const stillLeft = Math.min(limit, left - untold.spent);
      allowance = { limit, left: stillLeft, perMs, atMs: nowMs, seenAtMs: nowMs - seenAgoMs };
    },
  };
}

function told(allowance: Allowance, nowMs: number) {
  const { limit, left, perMs, seenAtMs } = replenished(allowance, nowMs);
  return { limit, left, perMs, seenAgoMs: Math.max(0, nowMs - seenAtMs) };
}
