import { nanoUsdPerUsd } from '../openai/price.ts';
import type { BudgetLine, ConcurrencyLine, RateLine } from './admission.ts';
import { type Unit, units } from './amounts.ts';
import { type DigestPattern, type Matcher, createMatcher } from './match-facts.ts';
import { type Facts, scopeOf } from './scopes.ts';
import type { SettledBudget } from './settlement.ts';
import { type WindowRule, createWindow } from './windows.ts';

/** What budgets and limits have in common. The configuration's own types fit these, and are checked there. */
interface Rule {
  readonly name: string;
  /** One share for each combination of these: `['team', 'metadata.project']`. */
  readonly per: readonly string[];
  /** Dimensions and the patterns of which one must fit; a call that fits not all of them is let be. */
  readonly match: Readonly<Record<string, readonly string[]>>;
}

export interface BudgetRule extends Rule {
  readonly limit: { readonly tokens?: number; readonly usd?: number };
  readonly window: WindowRule;
  readonly reserve: 'full' | 'learned';
  /** By how much a `learned` budget may be overshot. */
  readonly overshootPercent: number;
  readonly onTight: 'clamp' | 'deny';
  readonly mode: 'enforce' | 'observe';
}

export interface LimitRule extends Rule {
  /** One of these three is there. */
  readonly requests?: Rate;
  readonly tokens?: Rate;
  readonly concurrency?: number;
  readonly waitUpToMs: number;
}

export interface Rate {
  readonly rate: number;
  readonly per: 'second' | 'minute' | 'hour' | 'day';
  /** Left out, as much as comes in one `per`, and at least 1. */
  readonly burst?: number;
}

export interface RuleSet {
  readonly budgets: readonly BudgetRule[];
  readonly limits: readonly LimitRule[];
  readonly thresholdPercents: readonly number[];
}

/** Every line that a call has to pass, in the order of the configuration. */
export interface Matched {
  readonly budgets: BudgetLine[];
  readonly rates: RateLine[];
  readonly concurrencies: ConcurrencyLine[];
}

/** A budget's use has reached a threshold, in one unit. */
export interface Crossing {
  readonly budget: string;
  readonly scope: string;
  readonly unit: Unit;
  readonly percent: number;
  /** The whole of it, in that unit. */
  readonly limit: number;
}

/** A budget as it can be told without a call. */
export interface ReadyBudget {
  readonly name: string;
  /** The dimensions of its scopes. */
  readonly per: readonly string[];
  /** As of its `Window`. */
  readonly windowCode: string;
  readonly limit: BudgetLine['limit'];
  readonly enforced: boolean;
}

export interface Rules {
  budgets(): readonly ReadyBudget[];
  /** Of a budget; undefined if there is none of that name. */
  limitOf(budget: string): BudgetLine['limit'] | undefined;
  match(facts: Facts): Matched;
  /** The thresholds that a charge took a budget over, ascending. Of concurrent charges one crosses each. */
  crossings(settled: SettledBudget): Crossing[];
}

/**
 * Budgets and limits made ready once, so that a call costs no more than its scopes.
 *
 * @param digest where names may be hidden
 */
export function createRules({ budgets, limits, thresholdPercents }: RuleSet, digest?: DigestPattern): Rules {
  const prepare = ({ per, match }: Rule) => ({ per, matches: createMatcher(match, digest) });
  const budgetLines = budgets.map((rule) => ({ ...prepare(rule), line: budgetLine(rule) }));
  const rateLines = limits.flatMap((rule) => {
    const line = rateLine(rule);
    return line ? [{ ...prepare(rule), line }] : [];
  });
  const concurrencyLines = limits.flatMap((rule) => {
    const line = concurrencyLine(rule);
    return line ? [{ ...prepare(rule), line }] : [];
  });
  const limitOf = new Map(budgetLines.map(({ line }) => [line.budget, line.limit]));
  const ascendingPercents = thresholdPercents.toSorted((left, right) => left - right);

  const ready = budgetLines.map(({ per, line: { budget, window, limit, enforced } }) => ({
    name: budget,
    per,
    windowCode: window.code,
    limit,
    enforced,
  }));

  return {
    budgets: () => ready,
    limitOf: (budget) => limitOf.get(budget),
    match: (facts) => ({
      budgets: matchLines(budgetLines, facts),
      rates: matchLines(rateLines, facts),
      concurrencies: matchLines(concurrencyLines, facts),
    }),
    crossings({ budget, scope, usedBefore, usedAfter }) {
      return units.flatMap((unit) => {
        const limit = limitOf.get(budget)?.[unit];
        if (limit === undefined) return [];
        const isCrossed = (percent: number): boolean => {
          const thresholdAmount = (limit * percent) / 100;
          return usedBefore[unit] < thresholdAmount && usedAfter[unit] >= thresholdAmount;
        };
        return ascendingPercents
          .filter(isCrossed)
          .map((percent) => ({ budget, scope, unit, percent, limit }));
      });
    },
  };
}

/** Those that are in force when they are asked. */
export function rulesInForce(current: () => Rules): Rules {
  return {
    budgets: () => current().budgets(),
    limitOf: (budget) => current().limitOf(budget),
    match: (facts) => current().match(facts),
    crossings: (settled) => current().crossings(settled),
  };
}

interface Prepared<Line> {
  readonly per: readonly string[];
  readonly matches: Matcher;
  /** The line but for its scope. */
  readonly line: Omit<Line, 'scope'>;
}

function matchLines<Line extends { readonly scope: string }>(
  prepared: readonly Prepared<Line>[],
  facts: Facts,
): Line[] {
  return prepared
    .filter(({ matches }) => matches(facts))
    .map(({ per, line }) => ({ ...line, scope: scopeOf(per, facts) }) as Line);
}

function budgetLine(rule: BudgetRule): Omit<BudgetLine, 'scope'> {
  const { tokens, usd } = rule.limit;
  return {
    budget: rule.name,
    window: createWindow(rule.window),
    limit: { tokens, nanoUsd: usd === undefined ? undefined : Math.round(usd * nanoUsdPerUsd) },
    enforced: rule.mode === 'enforce',
    clamps: rule.onTight === 'clamp',
    overshootRatio: rule.reserve === 'learned' ? rule.overshootPercent / 100 : undefined,
  };
}

function rateLine({ name, requests, tokens, waitUpToMs }: LimitRule): Omit<RateLine, 'scope'> | undefined {
  const rate = requests ?? tokens;
  if (rate === undefined) return undefined;
  return {
    limit: name,
    unit: requests ? 'requests' : 'tokens',
    perSecond: rate.rate / secondsOf[rate.per],
    burst: rate.burst ?? Math.max(1, rate.rate),
    waitUpToMs,
  };
}

function concurrencyLine({
  name,
  concurrency,
  waitUpToMs,
}: LimitRule): Omit<ConcurrencyLine, 'scope'> | undefined {
  return concurrency === undefined ? undefined : { limit: name, max: concurrency, waitUpToMs };
}

const secondsOf = { second: 1, minute: 60, hour: 3600, day: 86_400 };
