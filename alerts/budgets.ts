import type { RuleGroup } from './vocabulary/rules.ts';

/**
 * All pods of one store tell the same of a budget, and pods with stores of their own each their own: the one that
 * is worst off counts. How fast it burns is therefore read from what is used, which is true whoever spends it,
 * and not from what each pod has charged.
 */
const budget = 'namespace, org, budget, scope, unit';
const left = 'budget:assistant_proxy_budget_left:min';
const used = 'budget:assistant_proxy_budget_used:ratio';
const windowLeft = 'budget:assistant_proxy_budget_window_left:seconds';
const burn = (window: string) => `budget:assistant_proxy_budget_burn:deriv${window}`;

/** A user who has spent what is meant for one user is no trouble, and there may be thousands. */
const ofSomebody = 'scope!~"(.*,)?user=.*"';

const soonSeconds = 4 * 3600;

export const budgets = {
  name: 'budgets',
  recordings: [
    {
      record: used,
      expr: `max by (${budget}) (assistant_proxy_budget_used{${ofSomebody}} / assistant_proxy_budget_limit)`,
    },
    {
      record: left,
      expr: `min by (${budget}) (assistant_proxy_budget_limit{${ofSomebody}} - assistant_proxy_budget_used)`,
    },
    {
      record: windowLeft,
      expr: 'max by (namespace, org, budget, scope) (assistant_proxy_budget_window_end_timestamp_seconds) - time()',
    },
    ...['5m', '1h', '2h', '1d'].map((window) => ({
      record: burn(window),
      expr: `max by (${budget}) (deriv(assistant_proxy_budget_used{${ofSomebody}}[${window}])) > 0`,
    })),
  ],
  alerts: {
    AssistantProxyBudgetGone: {
      expr: `${used} >= 0.99`,
      holdsFor: '1m',
      severity: 'critical',
      summary:
        'Budget {{ $labels.budget }}{{ with $labels.scope }} of {{ . }}{{ end }} is used up: {{ $value | humanizePercentage }} of its {{ $labels.unit }}',
      description:
        'Calls that it matches are refused with 429 budget_exceeded until its window ends, unless it only observes. Find out who spends it, then raise the limit or wait.',
    },
    AssistantProxyBudgetGoneSoon: {
      expr:
        `(${left} / ${burn('1h')} < ${soonSeconds} and ${left} / ${burn('5m')} < ${soonSeconds} and ${used} < 0.99)` +
        ` unless (${left} / ${burn('1h')} > on (namespace, org, budget, scope) group_left () ${windowLeft})`,
      holdsFor: '2m',
      severity: 'critical',
      summary:
        'Budget {{ $labels.budget }}{{ with $labels.scope }} of {{ . }}{{ end }} will have no {{ $labels.unit }} left in {{ $value | humanizeDuration }}',
      description:
        'At the pace of the last hour and of the last five minutes it is used up within four hours, and before its window ends. Then its calls are refused. Find out who spends it, and slow that down or raise the limit.',
    },
    AssistantProxyBudgetGoneBeforeWindowEnds: {
      expr:
        ['1d', '2h']
          .map(
            (window) =>
              `${left} / ${burn(window)} < on (namespace, org, budget, scope) group_left () ${windowLeft}`,
          )
          .join(' and ') + ` and ${used} < 0.99`,
      holdsFor: '30m',
      severity: 'warning',
      summary:
        'Budget {{ $labels.budget }}{{ with $labels.scope }} of {{ . }}{{ end }} will have no {{ $labels.unit }} left in {{ $value | humanizeDuration }}, before its window ends',
      description:
        'So it is at the pace of the last day and of the last two hours. Talk to those who spend it, or raise the limit, while there is time.',
    },
  },
} as const satisfies RuleGroup;
