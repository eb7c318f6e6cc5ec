import type { BudgetLine } from './admission.ts';
import type { Amounts } from './amounts.ts';
import type { Ledger } from './ledger.ts';
import type { Rules } from './rules.ts';

/** What all pods have charged, by the hour in which calls were admitted. */
export interface CountedByHour {
  /** In place of those that were given: with them every call is counted. */
  readonly rules: Rules;
  readonly ledger: Ledger;
  /** The hours of the last four days in which there were calls, in no order; an hour may come in several parts. */
  hours(orgs: readonly string[]): Promise<CountedHour[]>;
}

export interface CountedHour {
  readonly startMs: number;
  /** Of the operations whose tokens a provider's count has. */
  readonly tokens: number;
  readonly nanoUsd: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Two days that may be compared, one that the provider may lag behind, and one of slack. */
const keptMs = 4 * dayMs;

/** No budget that is configured may have such a name. */
const budget = ':hour';
/** Operations of which OpenAI tells tokens among its usage of completions and embeddings. */
const isComparable = /^(chat\.completions|completions|responses|embeddings|batches|threads)\./;
const others = ',other';

/**
 * Counts every call once more, in a budget that everything fits into: one for each hour, which its scope names. So the
 * one atomic step that holds and settles a call counts it, too, in any store and across all pods and crashes. Nobody
 * else sees these budgets.
 */
export function countByHour(rules: Rules, ledger: Ledger): CountedByHour {
  let lines = linesOf(0);
  return {
    rules: {
      ...rules,
      match(facts) {
        const startMs = Math.floor(ledger.nowMs() / hourMs) * hourMs;
        if (lines.startMs !== startMs) lines = linesOf(startMs);
        const matched = rules.match(facts);
        matched.budgets.push(isComparable.test(facts.operation) ? lines.comparable : lines.other);
        return matched;
      },
    },
    ledger: {
      ...ledger,
      async settle(settlement) {
        const settled = await ledger.settle(settlement);
        return { ...settled, budgets: settled.budgets.filter(isConfigured) };
      },
      async settleDeferred(settlement) {
        const settled = await ledger.settleDeferred(settlement);
        return settled && { ...settled, budgets: settled.budgets.filter(isConfigured) };
      },
      windows: async (org) => (await ledger.windows(org)).filter(isConfigured),
    },
    async hours(orgs) {
      const windows = await Promise.all(orgs.map((org) => ledger.windows(org)));
      return windows
        .flat()
        .filter((window) => !isConfigured(window))
        .map(readHour);
    },
  };
}

function isConfigured({ budget: name }: { readonly budget: string }): boolean {
  return name !== budget;
}

interface HourLines {
  readonly startMs: number;
  readonly comparable: BudgetLine;
  readonly other: BudgetLine;
}

function linesOf(startMs: number): HourLines {
  // Wide, so that the store's clock is in it, however far a pod's is off from that.
  const windowStartMs = startMs - dayMs;
  const windowEndMs = startMs + keptMs;
  const boundaries = [0, Math.max(1, windowStartMs), windowEndMs, 2 * windowEndMs] as const;
  const line = (scope: string): BudgetLine => ({
    budget,
    scope,
    window: { kind: 'calendar', code: 'kept', around: () => boundaries },
    limit: { tokens: undefined, nanoUsd: undefined },
    enforced: false,
    clamps: false,
    overshootRatio: undefined,
  });
  const scope = String(startMs / hourMs);
  return { startMs, comparable: line(scope), other: line(scope + others) };
}

function readHour({ scope, used }: { readonly scope: string; readonly used: Amounts }): CountedHour {
  const isOther = scope.endsWith(others);
  const hour = Number(isOther ? scope.slice(0, -others.length) : scope);
  return { startMs: hour * hourMs, tokens: isOther ? 0 : used.tokens, nanoUsd: used.nanoUsd };
}
