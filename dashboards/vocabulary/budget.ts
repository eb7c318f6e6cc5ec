import { gauge, max } from './promql.ts';

/**
 * Budgets as the store has them. Pods that share a store tell the same, and of pods with stores of their own the
 * fullest counts; so the largest is taken, never a sum.
 */
const labels = ['org', 'budget', 'scope', 'unit'];
const onWindow = 'on (org, budget, scope)';

export const budgetLegend = '{{budget}} {{scope}} {{unit}}';

export const limit = max(labels, gauge('assistant_proxy_budget_limit'));
export const used = max(labels, gauge('assistant_proxy_budget_used'));
export const held = max(labels, gauge('assistant_proxy_budget_held'));
export const usedShare = `${used} / ${limit}`;
const left = `(${limit} - ${used})`;
export const leftShare = `${left} / ${limit}`;

/** In each second, at the pace of the last hour; nothing where less is used than before. */
const burn = `(${max(labels, `deriv(${gauge('assistant_proxy_budget_used')}[1h])`)} > 0)`;
export const secondsUntilGone = `${left} / ${burn}`;

const windowEnd = max(
  ['org', 'budget', 'scope'],
  gauge('assistant_proxy_budget_window_end_timestamp_seconds'),
);
/** Times of the windows of budgets, for each of their units. */
const perUnit = (seconds: string) => `${limit} * 0 + ${onWindow} group_left () (${seconds})`;
export const windowEndMs = perUnit(`${windowEnd} * 1000`);
export const secondsUntilWindowEnds = perUnit(`${windowEnd} - time()`);

/** The share that will be used when the window ends, if it goes on at this pace. */
export const forecastShare = `(${used} + ${burn} * ${onWindow} group_left () (${windowEnd} - time())) / ${limit}`;
