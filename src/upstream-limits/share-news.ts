import type { Clock } from '../clock.ts';
import type { ModelLimits } from './model-limits.ts';
import type { SharedAllowances, UpstreamAccount } from './shared-allowances.ts';

export interface NewsParts {
  readonly account: UpstreamAccount;
  readonly maxWaitMs: number;
  readonly clock: Clock;
  readonly shared: SharedAllowances;
}

/** How often news is exchanged at most; what is further apart is told at once. */
const everyMs = 100;
/** While a burst spends a good part of what is left: others must hear of it before they spend the same. */
const everyUrgentMs = 10;
/** The store serves others, too. What is beyond that is told with a later call. */
const mostTogether = 500;

/**
 * Tells other pods, and hears from them, what is new of the models that it is called with: in the background, of all
 * models at once, and only while there is anything new.
 */
export function shareNews({ account, maxWaitMs, clock, shared }: NewsParts): (limits: ModelLimits) => void {
  let waiting = new Set<ModelLimits>();
  let isSharing = false;
  return (limits) => {
    if (waiting.size >= mostTogether || !limits.hasNews(clock.nowMs())) return;
    waiting.add(limits);
    if (!isSharing) void share();
  };

  async function share(): Promise<void> {
    isSharing = true;
    while (waiting.size > 0) {
      const together = [...waiting];
      waiting = new Set();
      await exchange(together);
      let restedMs = 0;
      do {
        await clock.sleep(everyUrgentMs);
        restedMs += everyUrgentMs;
      } while (restedMs < everyMs && !isUrgent());
    }
    isSharing = false;
  }

  function isUrgent(): boolean {
    return [...waiting].some((limits) => limits.isUrgent());
  }

  async function exchange(together: readonly ModelLimits[]): Promise<void> {
    const news = together.map((limits) => limits.tell(clock.nowMs()));
    try {
      const common = await shared.exchange(account, maxWaitMs, news);
      const nowMs = clock.nowMs();
      for (const [index, limits] of together.entries()) limits.hear(common[index]!, news[index]!, nowMs);
    } catch {
      // The store's connection has said why. Each pod goes on by itself, and tells with the next call.
      for (const [index, limits] of together.entries()) limits.lost(news[index]!);
    }
  }
}
