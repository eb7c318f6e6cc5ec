import type { MetricDefinition } from './metric-definition.ts';

const budgetLabels = ['org', 'budget', 'scope', 'unit'] as const;

/** Budgets and limits. */
export const ledgerDefinitions = {
  denials: {
    type: 'counter',
    name: 'assistant_proxy_denials_total',
    help: 'Calls that a budget or a limit refused, by its name and kind: budget, rate, concurrency.',
    labelNames: ['rule', 'reason', 'team', 'app'],
  },
  denialsObserved: {
    type: 'counter',
    name: 'assistant_proxy_denials_observed_total',
    help: 'Calls that a budget in `mode: observe` would have refused.',
    labelNames: ['rule', 'reason'],
  },
  budgetLimit: {
    type: 'gauge',
    name: 'assistant_proxy_budget_limit',
    help: 'Limit of a budget, in its unit. Budgets that are in use are told, as /budgets has them, while the store is there.',
    labelNames: budgetLabels,
  },
  budgetUsed: {
    type: 'gauge',
    name: 'assistant_proxy_budget_used',
    help: 'What all pods have used of a budget in its current window.',
    labelNames: budgetLabels,
  },
  budgetHeld: {
    type: 'gauge',
    name: 'assistant_proxy_budget_held',
    help: 'What calls under way hold of a budget.',
    labelNames: budgetLabels,
  },
  budgetWindowEnd: {
    type: 'gauge',
    name: 'assistant_proxy_budget_window_end_timestamp_seconds',
    help: 'When the current calendar window of a budget ends, in Unix seconds.',
    labelNames: ['org', 'budget', 'scope'],
  },
  budgetCharged: {
    type: 'counter',
    name: 'assistant_proxy_budget_charged_total',
    help: 'What this pod has charged to a budget, in its unit: the pace at which it is used up.',
    labelNames: budgetLabels,
  },
  budgetSeriesDropped: {
    type: 'gauge',
    name: 'assistant_proxy_budget_series_dropped',
    help: 'Shares of budgets that are not among these gauges, because there are more than telemetry.maxBudgetScopes. The fullest are told.',
    labelNames: [],
  },
  holdsLive: {
    type: 'gauge',
    name: 'assistant_proxy_holds_live',
    help: 'Holds of calls of this pod that have not been settled.',
    labelNames: [],
  },
  holdOldestAge: {
    type: 'gauge',
    name: 'assistant_proxy_hold_oldest_age_seconds',
    help: 'Age of the oldest of these holds; 0 if there is none.',
    labelNames: [],
  },
  settlements: {
    type: 'counter',
    name: 'assistant_proxy_settlements_total',
    help: 'Calls charged to the ledger: settled (the usual), corrected (an estimate was put right), recovered (the store knew nothing of the hold), duplicate (it was settled before). An estimated charge is one that the upstream did not tell.',
    labelNames: ['kind', 'estimated'],
  },
  chargedTokens: {
    type: 'counter',
    name: 'assistant_proxy_charged_tokens_total',
    help: 'Tokens charged to budgets.',
    labelNames: ['estimated'],
  },
  chargedUsd: {
    type: 'counter',
    name: 'assistant_proxy_charged_usd_total',
    help: 'US dollars charged to budgets.',
    labelNames: ['estimated'],
  },
  overrunTokens: {
    type: 'counter',
    name: 'assistant_proxy_overrun_tokens_total',
    help: 'Tokens that the upstream billed beyond what was held for a call.',
    labelNames: [],
  },
  overrunUsd: {
    type: 'counter',
    name: 'assistant_proxy_overrun_usd_total',
    help: 'US dollars that the upstream billed beyond what was held for a call.',
    labelNames: [],
  },
  holdsSwept: {
    type: 'counter',
    name: 'assistant_proxy_holds_swept_total',
    help: 'Holds that the sweeper resolved: lapsed (the owner is gone, charged whole), told (the upstream said what it used), gone (the upstream knows nothing of it, charged whole).',
    labelNames: ['result'],
    seldom: [['lapsed'], ['told'], ['gone']],
  },
  thresholdCrossings: {
    type: 'counter',
    name: 'assistant_proxy_budget_threshold_crossings_total',
    help: 'Budgets whose use has reached a threshold, counted by the pod that took it there.',
    labelNames: ['budget', 'unit', 'percent'],
  },
  storeOutages: {
    type: 'counter',
    name: 'assistant_proxy_store_outages_total',
    help: 'Calls that came while the store of budgets was out of reach.',
    labelNames: [],
  },
  outboxPending: {
    type: 'gauge',
    name: 'assistant_proxy_settlements_pending',
    help: 'Charges that the store has not confirmed yet.',
    labelNames: [],
  },
  outboxLost: {
    type: 'counter',
    name: 'assistant_proxy_settlements_lost_total',
    help: 'Charges that were given up. Their holds lapse, and are charged whole.',
    labelNames: [],
  },
} as const satisfies Record<string, MetricDefinition>;
