import * as units from '@grafana/grafana-foundation-sdk/units';

import {
  budgetLegend,
  forecastShare,
  held,
  leftShare,
  limit,
  secondsUntilGone,
  secondsUntilWindowEnds,
  used,
  usedShare,
  windowEndMs,
} from './vocabulary/budget.ts';
import { atMost, steps } from './vocabulary/colours.ts';
import { dashboard, figures, row, whole } from './vocabulary/dashboard.ts';
import { areas, bars, figure, lines, total } from './vocabulary/panels.ts';
import { gauge, increase, max, min, orZero, rate, sum } from './vocabulary/promql.ts';
import { tokensInAndOut } from './vocabulary/query-sets.ts';
import { table } from './vocabulary/table.ts';

const cost = (by: readonly string[]) => `${rate('assistant_proxy_cost_usd_total', by)} * 3600`;
const tokens = (kind: string) => rate('assistant_proxy_tokens_total', [], `kind="${kind}"`);
const hour = 3600;

export const budgetsAndCost = dashboard({
  name: 'budgets-and-cost',
  title: 'Budgets and cost',
  description: 'What is left, when it will be gone, and who spends it.',
  choosesBudget: true,
  rows: [
    figures(
      'Right now',
      figure({
        title: 'Budgets used up',
        description:
          'Budgets of which less than 1 % is left. Their calls are refused, unless they only observe.',
        unit: units.Short,
        queries: [{ expr: orZero(`count(${usedShare} >= 0.99)`), legend: 'budgets' }],
        thresholds: atMost(1),
        runbook: 'AssistantProxyBudgetGone',
      }),
      figure({
        title: 'Next one gone in',
        description:
          'When, at the pace of the last hour, the first budget of those that are not yet gone will be. Only matters if its window does not end before.',
        unit: units.Seconds,
        queries: [{ expr: min([], `${secondsUntilGone} > 0`), legend: 'first' }],
        thresholds: steps(24 * hour, 4 * hour),
        runbook: 'AssistantProxyBudgetGoneSoon',
      }),
      figure({
        title: 'Pace',
        description: 'Dollars that a day would cost at the present pace.',
        unit: units.Dollars,
        queries: [{ expr: `${rate('assistant_proxy_cost_usd_total')} * 86400`, legend: 'a day' }],
      }),
      total({
        title: 'Cost',
        description: 'What the tokens of the time shown cost by the price table, budgeted or not.',
        unit: units.Dollars,
        queries: [{ expr: increase('assistant_proxy_cost_usd_total'), legend: 'cost' }],
      }),
      total({
        title: 'Tokens',
        description: 'Input and output of the time shown.',
        unit: units.Short,
        queries: [
          { expr: increase('assistant_proxy_tokens_total', [], 'kind=~"input|output"'), legend: 'tokens' },
        ],
      }),
      total({
        title: 'Calls denied',
        description: 'Calls of the time shown that a budget refused.',
        unit: units.Short,
        queries: [
          {
            expr: orZero(increase('assistant_proxy_denials_total', [], 'reason="budget"')),
            legend: 'denied',
          },
        ],
        thresholds: steps(1, 100),
        runbook: 'AssistantProxyBudgetGone',
      }),
    ),
    whole(
      'Budgets',
      9,
      table({
        title: 'Budgets',
        description:
          'Each share of each budget as the store has it. Compare "gone in" with "window ends in": if it is shorter, raise the limit or slow the spender down.',
        unit: units.Short,
        labels: { budget: 'Budget', scope: 'Scope', org: 'Organisation', unit: 'Unit' },
        columns: [
          {
            title: 'Used',
            expr: usedShare,
            unit: units.PercentUnit,
            decimals: 1,
            thresholds: steps(0.8, 0.95),
          },
          {
            title: 'Forecast',
            expr: forecastShare,
            unit: units.PercentUnit,
            decimals: 0,
            thresholds: steps(0.9, 1),
          },
          {
            title: 'Gone in',
            expr: secondsUntilGone,
            unit: units.Seconds,
            thresholds: steps(24 * hour, 4 * hour),
          },
          { title: 'Window ends in', expr: secondsUntilWindowEnds, unit: units.Seconds },
          { title: 'Window ends', expr: windowEndMs, unit: units.DatetimeDefault },
          { title: 'Limit', expr: limit, unit: units.Short },
          { title: 'Spent', expr: used, unit: units.Short },
          { title: 'Held', expr: held, unit: units.Short },
        ],
        sortBy: 'Used',
        runbook: 'AssistantProxyBudgetGone',
      }),
    ),
    row(
      'Burn-down and forecast',
      lines({
        title: 'What is left',
        description:
          'Of each budget, in its window. A steep line meets the floor before the window ends, where it jumps up again.',
        unit: units.PercentUnit,
        max: 1,
        queries: [{ expr: leftShare, legend: budgetLegend }],
        thresholds: steps(0.2, 0.05),
        runbook: 'AssistantProxyBudgetGoneSoon',
      }),
      lines({
        title: 'Used when the window ends',
        description:
          'The forecast: what is used and what the pace of the last hour adds until the window ends. Above 100 % the budget will be gone before. Rolling windows never end, and are not here.',
        unit: units.PercentUnit,
        queries: [{ expr: forecastShare, legend: budgetLegend }],
        thresholds: steps(0.9, 1),
        runbook: 'AssistantProxyBudgetGoneBeforeWindowEnds',
      }),
      lines({
        title: 'Gone in',
        description:
          'How long each budget lasts at the pace of the last hour. Under four hours an alert fires, if the window does not end before.',
        unit: units.Seconds,
        queries: [{ expr: secondsUntilGone, legend: budgetLegend }],
        thresholds: steps(24 * hour, 4 * hour),
        runbook: 'AssistantProxyBudgetGoneSoon',
      }),
    ),
    row(
      'Who spends it',
      areas({
        title: 'Dollars in each hour, by team',
        description: 'By the price table, budgeted or not.',
        unit: units.Dollars,
        queries: [{ expr: cost(['team']), legend: '{{team}}' }],
      }),
      areas({
        title: 'Dollars in each hour, by app',
        description: 'By the price table, budgeted or not.',
        unit: units.Dollars,
        queries: [{ expr: cost(['app']), legend: '{{app}}' }],
      }),
      areas({
        title: 'Dollars in each hour, by model',
        description: 'By the price table. Check models.prices if a model costs more or less than you expect.',
        unit: units.Dollars,
        queries: [{ expr: cost(['model']), legend: '{{model}}' }],
      }),
      areas({
        title: 'Dollars in each hour, by operation',
        description: 'responses.create includes the model calls of runs.',
        unit: units.Dollars,
        width: 8,
        queries: [{ expr: cost(['operation']), legend: '{{operation}}' }],
      }),
      areas({
        title: 'Tokens in each second',
        description:
          'cached_input is a part of input that is cheaper, reasoning a part of output that nobody reads.',
        unit: units.Short,
        width: 8,
        ...tokensInAndOut,
      }),
      lines({
        title: 'Cached and thought',
        description:
          'The share of input that the upstream had in its cache (the more the cheaper), and of output that is reasoning.',
        unit: units.PercentUnit,
        width: 8,
        max: 1,
        queries: [
          { expr: `${tokens('cached_input')} / ${tokens('input')}`, legend: 'cached' },
          { expr: `${tokens('reasoning')} / ${tokens('output')}`, legend: 'reasoning' },
        ],
        meanings: { cached: 'good', reasoning: 'second' },
      }),
    ),
    row(
      'How budgets hold',
      areas({
        title: 'Denied by budgets',
        description: 'Calls that a budget refused, by its name.',
        unit: units.RequestsPerSecond,
        queries: [
          { expr: rate('assistant_proxy_denials_total', ['rule'], 'reason="budget"'), legend: '{{rule}}' },
        ],
        runbook: 'AssistantProxyBudgetGone',
      }),
      areas({
        title: 'Would have been denied',
        description: 'By budgets with mode observe. Look here before you enforce them.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_denials_observed_total', ['rule']), legend: '{{rule}}' }],
      }),
      bars({
        title: 'Thresholds crossed',
        description: 'How often the use of a budget has reached a threshold in the time shown.',
        unit: units.Short,
        queries: [
          {
            expr: increase('assistant_proxy_budget_threshold_crossings_total', ['budget', 'unit', 'percent']),
            legend: '{{budget}} {{unit}} {{percent}} %',
          },
        ],
      }),
    ),
    row(
      'How exact the ledger is',
      lines({
        title: 'Charged, tokens in each second',
        description:
          'told: as the upstream said. estimated: it did not say, so that what was seen, or all that was held, is charged. Many estimates make budgets too careful.',
        unit: units.Short,
        queries: [
          { expr: rate('assistant_proxy_charged_tokens_total', [], 'estimated="false"'), legend: 'told' },
          { expr: rate('assistant_proxy_charged_tokens_total', [], 'estimated="true"'), legend: 'estimated' },
        ],
        meanings: { told: 'good', estimated: 'held' },
      }),
      lines({
        title: 'Charged by budget, in each hour',
        description:
          'Tokens that these sidecars charged to each budget. Other namespaces may spend of it, too.',
        unit: units.Short,
        queries: [
          {
            expr: `${rate('assistant_proxy_budget_charged_total', ['budget', 'scope'], 'unit="tokens"')} * 3600`,
            legend: '{{budget}} {{scope}}',
          },
        ],
      }),
      lines({
        title: 'Overrun, tokens in each second',
        description:
          'What upstreams billed beyond what was held. If it is more than a trickle, raise what estimates says of images, files and tools.',
        unit: units.Short,
        queries: [{ expr: rate('assistant_proxy_overrun_tokens_total'), legend: 'overrun' }],
        meanings: { overrun: 'held' },
      }),
      areas({
        title: 'Settlements',
        description:
          'Calls charged. corrected: an estimate was put right. recovered: the store knew nothing of the hold. duplicate: it was settled before, and is not charged again.',
        unit: units.CountsPerSecond,
        width: 8,
        queries: [{ expr: rate('assistant_proxy_settlements_total', ['kind']), legend: '{{kind}}' }],
        meanings: { settled: 'good', corrected: 'plain', recovered: 'held', duplicate: 'faint' },
      }),
      figure({
        title: 'Shares of budgets not shown',
        description:
          'Those beyond telemetry.maxBudgetScopes. They hold as the others do; to see them, ask /budgets or raise that number.',
        unit: units.Short,
        width: 8,
        queries: [{ expr: max([], gauge('assistant_proxy_budget_series_dropped')), legend: 'not shown' }],
        thresholds: steps(1, 1000),
      }),
      figure({
        title: 'Overrun, dollars in each hour',
        description:
          'What upstreams billed beyond what was held, in money. Raise what estimates says of images, files and tools.',
        unit: units.Dollars,
        width: 8,
        queries: [{ expr: `${rate('assistant_proxy_overrun_usd_total')} * 3600`, legend: 'overrun' }],
      }),
    ),
    row(
      'The provider beside the ledger',
      lines({
        title: 'Drift',
        description:
          'How much more (or less) the provider counts than the ledger, for the same closed period. Beyond 5 % somebody spends past the sidecar, or a price is wrong. Only with an admin key.',
        width: 6,
        unit: units.PercentUnit,
        decimals: 1,
        queries: [
          {
            expr: max(['unit'], `abs(${gauge('assistant_proxy_provider_drift_ratio')})`),
            legend: '{{unit}}',
          },
        ],
        thresholds: atMost(0.05),
        meanings: { tokens: 'plain', usd: 'second' },
        runbook: 'AssistantProxyProviderDrift',
      }),
      lines({
        title: 'Tokens, both',
        description: 'Of the same closed period.',
        width: 6,
        unit: units.Short,
        queries: [
          {
            expr: max(
              [],
              `sum without (kind) (${gauge('assistant_proxy_provider_usage_tokens', 'kind=~"input|output"')})`,
            ),
            legend: 'provider',
          },
          { expr: max([], gauge('assistant_proxy_ledger_tokens')), legend: 'ledger' },
        ],
        meanings: { provider: 'second', ledger: 'plain' },
        runbook: 'AssistantProxyProviderDrift',
      }),
      lines({
        title: 'Dollars, both',
        description: 'Of the same closed period.',
        width: 6,
        unit: units.Dollars,
        queries: [
          { expr: max([], gauge('assistant_proxy_provider_cost_usd')), legend: 'provider' },
          { expr: max([], gauge('assistant_proxy_ledger_cost_usd')), legend: 'ledger' },
        ],
        meanings: { provider: 'second', ledger: 'plain' },
        runbook: 'AssistantProxyProviderDrift',
      }),
      figure({
        title: 'Comparisons that failed',
        description:
          'Since the sidecars started. Check the admin key and its rights, and the log for what the provider said.',
        unit: units.Short,
        width: 6,
        queries: [{ expr: sum([], gauge('assistant_proxy_provider_usage_errors_total')), legend: 'failed' }],
        thresholds: steps(1, 24),
        runbook: 'AssistantProxyProviderDrift',
      }),
    ),
  ],
});
