import { nanoUsdPerUsd } from '../openai/price.ts';
import { type Unit, units } from './amounts.ts';
import type { WindowState } from './ledger.ts';
import type { ReadyBudget } from './rules.ts';
import { isScopeOf } from './scopes.ts';

/** One budget of one scope in one unit, as `/budgets` and `npm start -- budgets` tell it. */
export interface BudgetReport {
  readonly name: string;
  readonly org: string;
  /** `team=search`; empty for the organisation's. */
  readonly scope: string;
  readonly unit: 'tokens' | 'usd';
  readonly mode: 'enforce' | 'observe';
  readonly limit: number;
  readonly used: number;
  readonly held: number;
  /** Never below zero. */
  readonly remaining: number;
  /** ISO 8601. Of a rolling window the end is now. */
  readonly windowStart: string;
  readonly windowEnd: string;
}

/** Windows of budgets, and of shares of them, that are not configured (any more) are left out. */
export function reportBudgets(
  org: string,
  budgets: readonly ReadyBudget[],
  windows: readonly WindowState[],
): BudgetReport[] {
  return budgets.flatMap((budget) =>
    windows
      .filter((window) => isWindowOf(budget, window))
      .toSorted((a, b) => (a.scope < b.scope ? -1 : 1))
      .flatMap((window) => reportWindow(org, budget, window)),
  );
}

function isWindowOf({ name, per, windowCode }: ReadyBudget, window: WindowState): boolean {
  return window.budget === name && window.windowCode === windowCode && isScopeOf(per, window.scope);
}

function reportWindow(org: string, budget: ReadyBudget, window: WindowState): BudgetReport[] {
  const { scope, used, held, startMs, endMs } = window;
  const limited = units.filter((unit) => budget.limit[unit] !== undefined);
  return limited.map((unit) => {
    const limit = budget.limit[unit]!;
    return {
      name: budget.name,
      org,
      scope,
      unit: unit === 'tokens' ? 'tokens' : 'usd',
      mode: budget.enforced ? 'enforce' : 'observe',
      limit: shown(limit, unit),
      used: shown(used[unit], unit),
      held: shown(held[unit], unit),
      remaining: shown(Math.max(0, limit - used[unit] - held[unit]), unit),
      windowStart: new Date(startMs).toISOString(),
      windowEnd: new Date(endMs).toISOString(),
    };
  });
}

function shown(value: number, unit: Unit): number {
  return unit === 'tokens' ? value : value / nanoUsdPerUsd;
}
