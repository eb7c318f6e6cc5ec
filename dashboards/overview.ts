import * as units from '@grafana/grafana-foundation-sdk/units';

import { budgetLegend, usedShare } from './vocabulary/budget.ts';
import { atMost, steps } from './vocabulary/colours.ts';
import { dashboard, figures, row, whole } from './vocabulary/dashboard.ts';
import { ownErrorShare, upstreamFailureShare } from './vocabulary/health.ts';
import { circuitNames } from './vocabulary/names.ts';
import { areas, bars, figure, lines, states, total } from './vocabulary/panels.ts';
import { gauge, increase, max, orZero, rate, sum } from './vocabulary/promql.ts';
import { spread, tokensInAndOut } from './vocabulary/query-sets.ts';
import { table } from './vocabulary/table.ts';

const alerts = 'ALERTS{namespace=~"$namespace", alertname=~"AssistantProxy.*", alertstate="firing"}';

export const overview = dashboard({
  name: 'overview',
  title: 'Overview',
  description: 'Is all well, and if not, where to look next.',
  choosesBudget: true,
  rows: [
    figures(
      'Right now',
      figure({
        title: 'Alerts',
        description: 'Alerts that fire. The table below names them; each has a runbook.',
        unit: units.Short,
        queries: [{ expr: orZero(`count(${alerts})`), legend: 'firing' }],
        thresholds: atMost(1),
      }),
      figure({
        title: 'Calls',
        description:
          'Calls in each second, those that were refused among them. If this falls to nothing, look at the application first.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_requests_total'), legend: 'calls' }],
      }),
      figure({
        title: 'Own errors',
        description:
          'The share of calls that fail by fault of the sidecar: its store, its redaction, itself. A month may have 0.1 %.',
        unit: units.PercentUnit,
        decimals: 2,
        queries: [{ expr: ownErrorShare('$__rate_interval'), legend: 'own errors' }],
        thresholds: steps(0.001, 0.01),
        runbook: 'AssistantProxyErrorBudgetBurnsFast',
      }),
      figure({
        title: 'Upstream failures',
        description:
          'The share of attempts that an upstream fails or does not answer. Most are sent again, so callers see fewer.',
        unit: units.PercentUnit,
        decimals: 1,
        queries: [{ expr: upstreamFailureShare([]), legend: 'failures' }],
        thresholds: steps(0.02, 0.1),
        runbook: 'AssistantProxyUpstreamBrownOut',
      }),
      total({
        title: 'Cost',
        description: 'What the tokens of the time shown cost by the price table, budgeted or not.',
        unit: units.Dollars,
        queries: [{ expr: increase('assistant_proxy_cost_usd_total'), legend: 'cost' }],
      }),
      figure({
        title: 'Fullest budget',
        description: 'How much of the budget that is fullest is used. At 100 % its calls are refused.',
        unit: units.PercentUnit,
        decimals: 0,
        queries: [{ expr: max([], usedShare), legend: 'used' }],
        thresholds: steps(0.8, 0.95),
        runbook: 'AssistantProxyBudgetGone',
      }),
    ),
    whole(
      'What fires',
      5,
      table({
        title: 'Alerts that fire',
        description: 'Empty is good. Open the runbook of what is listed, the critical ones first.',
        unit: units.Short,
        labels: {
          alertname: 'Alert',
          severity: 'Severity',
          namespace: 'Namespace',
          budget: 'Budget',
          scope: 'Scope',
          upstream: 'Upstream',
          store: 'Store',
        },
        columns: [
          {
            title: 'Firing',
            expr: `sum by (alertname, severity, namespace, budget, scope, upstream, store) (${alerts})`,
            unit: units.Short,
            thresholds: atMost(1),
          },
        ],
        sortBy: 'Severity',
      }),
    ),
    row(
      'What callers get',
      areas({
        title: 'Calls by how they ended',
        description:
          'complete: answered to the end. refused: by the sidecar itself, see beside. cut: the upstream broke off. aborted: the caller left.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_requests_total', ['ending']), legend: '{{ending}}' }],
        meanings: { complete: 'good', refused: 'held', cut: 'bad', aborted: 'faint' },
      }),
      areas({
        title: 'Answers by status',
        description:
          'What callers see. 429 and 503 of the sidecar itself are beside, by their code; the rest is what the upstream said.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_requests_total', ['status']), legend: '{{status}}' }],
        meanings: { 200: 'good', 429: 'held', 500: 'bad', 502: 'bad', 503: 'bad', 504: 'bad', 499: 'faint' },
      }),
      areas({
        title: 'Refused by the sidecar',
        description:
          'By the code of the error. The README has what each means; budget_exceeded and rate_limit_exceeded are as you configured.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_refusals_total', ['code']), legend: '{{code}}' }],
        meanings: {
          budget_exceeded: 'held',
          rate_limit_exceeded: 'held',
          internal_error: 'bad',
          store_unavailable: 'bad',
          redaction_failed: 'bad',
        },
      }),
    ),
    row(
      'How long it takes',
      lines({
        title: 'Duration of calls of models',
        description:
          'From the request to the last byte. Dots lead to traces. Long answers take long: compare with the tokens below before you worry.',
        unit: units.Seconds,
        ...spread('gen_ai_client_operation_duration_seconds', 0.95),
      }),
      lines({
        title: 'Time to the first token',
        description:
          'Of streamed answers. If it grows while the overhead beside does not, the upstream is slow.',
        unit: units.Seconds,
        ...spread('gen_ai_server_time_to_first_token_seconds', 0.95),
        runbook: 'AssistantProxyUpstreamBrownOut',
      }),
      lines({
        title: 'Overhead of the sidecar',
        description:
          'What it adds itself, waiting for the upstream and in queues left out. Milliseconds are usual; more says that it lacks CPU or that its store is slow.',
        unit: units.Seconds,
        ...spread('assistant_proxy_overhead_seconds', 0.99),
      }),
    ),
    row(
      'What it costs',
      areas({
        title: 'Tokens in each second',
        description: 'As the upstream told them.',
        unit: units.Short,
        ...tokensInAndOut,
      }),
      areas({
        title: 'Dollars in each hour, by model',
        description:
          'By the price table. A model that is new here may have the fallback price: see models.prices.',
        unit: units.Dollars,
        queries: [
          { expr: `${rate('assistant_proxy_cost_usd_total', ['model'])} * 3600`, legend: '{{model}}' },
        ],
      }),
      bars({
        title: 'Budgets that are fullest',
        description: 'What is used of the ten fullest. The dashboard of budgets says when they will be gone.',
        unit: units.PercentUnit,
        max: 1,
        queries: [{ expr: `topk(10, ${usedShare})`, legend: budgetLegend }],
        thresholds: steps(0.8, 0.95),
        runbook: 'AssistantProxyBudgetGoneSoon',
      }),
    ),
    row(
      'What stops calls',
      areas({
        title: 'Denied by budgets and limits',
        description:
          'By the name of the budget or limit. That is what they are for; ask whose calls they are before you raise one.',
        unit: units.RequestsPerSecond,
        queries: [
          {
            expr: rate('assistant_proxy_denials_total', ['rule', 'reason']),
            legend: '{{rule}} ({{reason}})',
          },
        ],
        runbook: 'AssistantProxyBudgetGone',
      }),
      states({
        title: 'Circuits',
        description:
          'Of each upstream. Open: it fails or is slow, and nothing is sent to it but a probe now and then.',
        unit: units.Short,
        queries: [
          { expr: max(['upstream'], gauge('assistant_proxy_circuit_state')), legend: '{{upstream}}' },
        ],
        names: circuitNames,
        runbook: 'AssistantProxyCircuitOpen',
      }),
      areas({
        title: 'Runs',
        description:
          'Runs of assistants that the sidecars carry on. Those that wait for their application are not among them.',
        unit: units.Short,
        queries: [{ expr: sum(['status'], gauge('assistant_proxy_runs')), legend: '{{status}}' }],
        meanings: { queued: 'faint', in_progress: 'plain', cancelling: 'held' },
        runbook: 'AssistantProxyRunsStuck',
      }),
    ),
  ],
});
