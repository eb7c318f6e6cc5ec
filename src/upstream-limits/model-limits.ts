import type { UpstreamLimitKind } from '../openai/rate-limit-headers.ts';
import { type KindLimits, type Share, createKindLimits } from './kind-limits.ts';
import type { CommonModel, ModelNews } from './shared-allowances.ts';

type Kinds<Value> = Readonly<Record<UpstreamLimitKind, Value>>;

/** What this pod knows of one model's limits at one upstream, and has not told others yet. */
export interface ModelLimits {
  readonly kinds: Kinds<KindLimits>;
  take(amounts: Kinds<number>, nowMs: number): { shares: Kinds<Share>; waitMs: number };
  holdBack(forMs: number, nowMs: number): void;
  heldForMs(nowMs: number): number;
  hasNews(nowMs: number): boolean;
  isUrgent(): boolean;
  tell(nowMs: number): ModelNews;
  lost(told: ModelNews): void;
  hear(common: CommonModel, told: ModelNews, nowMs: number): void;
}

/** Whoever knows nothing of a model asks what others know; there may never be anything to know. */
const askEveryMs = 1000;

export function createModelLimits(model: string, maxWaitMs: number): ModelLimits {
  const requests = createKindLimits(maxWaitMs);
  const tokens = createKindLimits(maxWaitMs);
  let heldUntilMs = -Infinity;
  let isHoldUntold = false;
  let isCalled = false;
  let askedAtMs = -Infinity;

  const heldForMs = (nowMs: number) => Math.max(0, heldUntilMs - nowMs);
  return {
    kinds: { requests, tokens },
    take(amounts, nowMs) {
      isCalled = true;
      const ofRequests = requests.take(amounts.requests, nowMs);
      const ofTokens = tokens.take(amounts.tokens, nowMs);
      return {
        shares: { requests: ofRequests.share, tokens: ofTokens.share },
        waitMs: Math.max(ofRequests.waitMs, ofTokens.waitMs, heldForMs(nowMs)),
      };
    },
    holdBack(forMs, nowMs) {
      if (forMs <= heldForMs(nowMs)) return;
      heldUntilMs = nowMs + forMs;
      isHoldUntold = true;
    },
    heldForMs,
    hasNews: (nowMs) =>
      isHoldUntold || requests.hasNews() || tokens.hasNews() || (isCalled && nowMs - askedAtMs >= askEveryMs),
    isUrgent: () => isHoldUntold || requests.isUrgent() || tokens.isUrgent(),
    tell(nowMs) {
      const news = {
        model,
        heldForMs: isHoldUntold ? heldForMs(nowMs) : 0,
        kinds: { requests: requests.tell(nowMs), tokens: tokens.tell(nowMs) },
      };
      isHoldUntold = false;
      isCalled = false;
      askedAtMs = nowMs;
      return news;
    },
    lost(told) {
      isHoldUntold ||= told.heldForMs > 0;
      requests.lost(told.kinds.requests);
      tokens.lost(told.kinds.tokens);
    },
    hear(common, told, nowMs) {
      heldUntilMs = Math.max(heldUntilMs, nowMs + common.heldForMs);
      requests.hear(common.kinds.requests, told.kinds.requests, nowMs);
      tokens.hear(common.kinds.tokens, told.kinds.tokens, nowMs);
    },
  };
}
