import type { BudgetLine, BudgetState, Demand } from './admission.ts';
import { units } from './amounts.ts';

/**
 * Remembers how much is left of budgets, as last seen, to tell when a rough bound on a call's input may decide
 * something: then the input is counted before the store is asked, and one round trip is enough also near a limit.
 */
export interface Tightness {
  isTight(org: string, budgets: readonly BudgetLine[], demand: Demand): boolean;
  see(org: string, budgets: readonly BudgetLine[], states: readonly BudgetState[]): void;
}

/** A budget is tight if fewer than this many calls like the one at hand would fit. */
const roomForCalls = 20;
const maxRemembered = 10_000;

export function rememberTightness(): Tightness {
  const seen = new Map<string, BudgetState>();
  return {
    isTight(org, budgets, { fixed, perOutputToken, outputTokens }) {
      return budgets.some((line) => {
        const state = line.enforced ? seen.get(keyOf(org, line)) : undefined;
        if (!state) return false;
        return units.some((unit) => {
          const limit = line.limit[unit];
          if (limit === undefined) return false;
          const left = limit - state.used[unit] - state.held[unit];
          return left < (fixed[unit] + perOutputToken[unit] * outputTokens) * roomForCalls;
        });
      });
    },
    see(org, budgets, states) {
      if (seen.size > maxRemembered) seen.clear();
      for (const [index, line] of budgets.entries()) {
        const state = states[index];
        if (state && line.enforced) seen.set(keyOf(org, line), state);
      }
    },
  };
}

function keyOf(org: string, { budget, scope }: BudgetLine): string {
  return `${org}\n${budget}\n${scope}`;
}
