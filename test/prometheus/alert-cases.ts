import type { AlertName } from '../../alerts/alerts.ts';
import type { AlertCases } from './alert-case.ts';
import { injectorAlertCases } from './injector-alert-cases.ts';

const hour = 3600;
const day = 24 * hour;
const scope = 'namespace="shop", org="acme", budget="team-day", scope="team=search"';
const budget = { namespace: 'shop', org: 'acme', budget: 'team-day', scope: 'team=search', unit: 'tokens' };
const pod = 'job="sidecars", namespace="shop", pod="my-app-1", instance="10.0.0.1:9090"';
const otherPod = 'job="sidecars", namespace="shop", pod="my-app-2", instance="10.0.0.2:9090"';
const podLabels = { namespace: 'shop', pod: 'my-app-1', instance: '10.0.0.1:9090' };

/** A budget of which `used` is told by two pods that share a store. */
function budgetSeries(limit: number, used: string, windowEnds?: number): Record<string, string> {
  const of = (name: string, unit = ', unit="tokens"') =>
    `assistant_proxy_budget_${name}{${scope}${unit}, pod="a"}`;
  const other = (series: string) => series.replace('pod="a"', 'pod="b"');
  return {
    [of('limit')]: `${limit}+0x200`,
    [other(of('limit'))]: `${limit}+0x200`,
    [of('used')]: used,
    [other(of('used'))]: used,
    ...(windowEnds !== undefined && { [of('window_end_timestamp_seconds', '')]: `${windowEnds}+0x200` }),
  };
}

const calls = (each: string) => ({
  [`assistant_proxy_requests_total{${pod}, operation="responses.create", status="200"}`]: each,
});
const refusals = (code: string, each: string) => ({
  [`assistant_proxy_refusals_total{${pod}, operation="responses.create", code="${code}"}`]: each,
});
const attempts = (result: string, each: string) => ({
  [`assistant_proxy_upstream_attempts_total{${pod}, upstream="primary", result="${result}"}`]: each,
});

export const alertCases: Readonly<Record<AlertName, AlertCases>> = {
  AssistantProxyBudgetGone: {
    fires: {
      when: 'a budget is all but used up',
      series: budgetSeries(1000, '995+0x10'),
      atMinute: 5,
      labels: budget,
      summary: 'Budget team-day of team=search is used up: 99.5% of its tokens',
    },
    quiet: {
      when: 'something is left, and a single user has spent what is his',
      series: {
        ...budgetSeries(1000, '980+0x10'),
        'assistant_proxy_budget_limit{budget="user-week", scope="team=search,user=u-1", unit="usd"}':
          '5+0x10',
        'assistant_proxy_budget_used{budget="user-week", scope="team=search,user=u-1", unit="usd"}': '5+0x10',
      },
      atMinute: 5,
    },
  },
  AssistantProxyBudgetGoneSoon: {
    fires: {
      when: 'it lasts for two hours more, and its window for a day',
      series: budgetSeries(1_000_040, '0+5000x90', day),
      atMinute: 60,
      labels: budget,
      summary: 'Budget team-day of team=search will have no tokens left in 2h 20m 0s',
    },
    quiet: {
      when: 'its window ends before',
      series: budgetSeries(1_000_000, '0+5000x90', 2 * hour),
      atMinute: 60,
    },
  },
  AssistantProxyBudgetGoneBeforeWindowEnds: {
    fires: {
      when: 'it lasts for six days more, and its window for nine',
      series: budgetSeries(10_000_508, '0+10000x160', 10 * day),
      minutesApart: 10,
      atMinute: 1500,
      labels: budget,
      summary:
        'Budget team-day of team=search will have no tokens left in 5d 21h 40m 30s, before its window ends',
    },
    quiet: {
      when: 'it was so until two hours ago, and nothing has been spent since',
      series: budgetSeries(10_000_000, '0+10000x130 1300000+0x30', 10 * day),
      minutesApart: 10,
      atMinute: 1500,
    },
  },
  AssistantProxyErrorBudgetBurnsFast: {
    fires: {
      when: 'two calls of a hundred meet a store that is away',
      series: { ...calls('0+100x120'), ...refusals('store_unavailable', '0+2x120') },
      atMinute: 90,
      labels: { namespace: 'shop' },
      summary: '2% of the calls in shop fail by fault of the sidecar',
    },
    quiet: {
      when: 'that is over for half an hour, and upstreams and budgets refuse calls',
      series: {
        ...calls('0+100x120'),
        ...refusals('store_unavailable', '0+2x60 120+0x60'),
        ...refusals('budget_exceeded', '0+30x120'),
        ...refusals('upstream_timeout', '0+30x120'),
      },
      atMinute: 95,
    },
  },
  AssistantProxyErrorBudgetBurnsSlowly: {
    fires: {
      when: 'four calls of a thousand fail for hours',
      series: { ...calls('0+1000x300'), ...refusals('internal_error', '0+4x300') },
      atMinute: 250,
      labels: { namespace: 'shop' },
      summary: '0.4% of the calls in shop fail by fault of the sidecar, and have for hours',
    },
    quiet: {
      when: 'it is one of two thousand',
      series: { ...calls('0+2000x300'), ...refusals('internal_error', '0+1x300') },
      atMinute: 250,
    },
  },
  AssistantProxyRestarts: {
    fires: {
      when: 'a container starts again and again',
      series: {
        [`process_start_time_seconds{${pod}}`]: '0+0x4 300+0x4 600+0x4 900+0x20',
        [`assistant_proxy_build_info{${pod}, version="1"}`]: '1+0x40',
      },
      atMinute: 20,
      labels: podLabels,
      summary: 'The sidecar of my-app-1 has restarted 3 times in half an hour',
    },
    quiet: {
      when: 'it restarts once, and another program all the time',
      series: {
        [`process_start_time_seconds{${pod}}`]: '0+0x9 600+0x30',
        [`assistant_proxy_build_info{${pod}, version="1"}`]: '1+0x40',
        'process_start_time_seconds{job="node", instance="10.0.0.1:9100"}': '0+60x40',
      },
      atMinute: 20,
    },
  },
  AssistantProxyConfigRefused: {
    fires: {
      when: 'one of two sidecars keeps to its former configuration',
      series: {
        [`assistant_proxy_config_refused{${pod}}`]: '0 1+0x10',
        [`assistant_proxy_config_refused{${otherPod}}`]: '0+0x10',
      },
      atMinute: 5,
      labels: { namespace: 'shop' },
      summary: 'The changed configuration is refused by 1 sidecars in shop',
    },
    quiet: {
      when: 'it is mended within a minute',
      series: { [`assistant_proxy_config_refused{${pod}}`]: '0 1 0+0x10' },
      atMinute: 5,
    },
  },
  AssistantProxyStoreDown: {
    fires: {
      when: 'one of two sidecars does not reach it',
      series: {
        [`assistant_proxy_store_up{${pod}, store="ledger"}`]: '1 0+0x10',
        [`assistant_proxy_store_up{${otherPod}, store="ledger"}`]: '1+0x10',
      },
      atMinute: 5,
      labels: { namespace: 'shop', store: 'ledger' },
      summary: 'The store of ledger is out of reach of 1 sidecars',
    },
    quiet: {
      when: 'it was away for a moment',
      series: { [`assistant_proxy_store_up{${pod}, store="ledger"}`]: '1 0 1+0x10' },
      atMinute: 2,
    },
  },
  AssistantProxyHoldsPileUp: {
    fires: {
      when: 'a hold gets older and older',
      series: { [`assistant_proxy_hold_oldest_age_seconds{${pod}}`]: '0+60x60' },
      atMinute: 40,
      labels: podLabels,
      summary: 'A hold of my-app-1 is 40m 0s old',
    },
    quiet: {
      when: 'calls take twenty minutes each',
      series: { [`assistant_proxy_hold_oldest_age_seconds{${pod}}`]: '0+60x20 0+60x20 0+60x20' },
      atMinute: 40,
    },
  },
  AssistantProxySettlementsLost: {
    fires: {
      when: 'charges are given up',
      series: { [`assistant_proxy_settlements_lost_total{${pod}}`]: '0+0x20 3+0x20' },
      atMinute: 30,
      labels: podLabels,
      summary: 'my-app-1 has given up 3 charges',
    },
    quiet: {
      when: 'that was an hour ago',
      series: { [`assistant_proxy_settlements_lost_total{${pod}}`]: '0 3+0x80' },
      atMinute: 60,
    },
  },
  AssistantProxyTelemetryDropped: {
    fires: {
      when: 'spans are dropped for the first time',
      series: { [`assistant_proxy_telemetry_dropped_total{${pod}, signal="span"}`]: '_x3 5+0x20' },
      atMinute: 10,
      labels: { namespace: 'shop', signal: 'span' },
      summary: '5 items of the signal span in shop were dropped',
    },
    quiet: {
      when: 'they were, an hour ago',
      series: { [`assistant_proxy_telemetry_dropped_total{${pod}, signal="span"}`]: '5+0x80' },
      atMinute: 60,
    },
  },
  AssistantProxyUpstreamBrownOut: {
    fires: {
      when: 'a fifth of the attempts fail',
      series: {
        ...attempts('ok', '0+8x20'),
        ...attempts('server_error', '0+1x20'),
        ...attempts('timeout', '0+1x20'),
      },
      atMinute: 15,
      labels: { namespace: 'shop', upstream: 'primary' },
      summary: '20% of the attempts at upstream primary fail',
    },
    quiet: {
      when: 'a twentieth does, calls are wrong or too many, and another upstream has failed once in an hour',
      series: {
        ...attempts('ok', '0+55x20'),
        ...attempts('client_error', '0+20x20'),
        ...attempts('rate_limited', '0+20x20'),
        ...attempts('server_error', '0+5x20'),
        'assistant_proxy_upstream_attempts_total{upstream="eu", result="timeout"}': '0+0x10 1+0x10',
      },
      atMinute: 15,
    },
  },
  AssistantProxyCircuitOpen: {
    fires: {
      when: 'it opens again after each probe',
      series: { [`assistant_proxy_circuit_state{${pod}, upstream="primary"}`]: '0 2 2 1 2 1 2 2 2' },
      atMinute: 8,
      labels: { namespace: 'shop', upstream: 'primary' },
      summary: 'The circuit of upstream primary is open',
    },
    quiet: {
      when: 'the first probe closes it',
      series: { [`assistant_proxy_circuit_state{${pod}, upstream="primary"}`]: '0 2 1 0+0x10' },
      atMinute: 3,
    },
  },
  AssistantProxyUpstreamCertificateExpires: {
    fires: {
      when: 'it ends in ten days',
      series: {
        [`assistant_proxy_upstream_certificate_expiry_timestamp_seconds{${pod}, upstream="eu"}`]: `${10 * day}+0x200`,
        [`assistant_proxy_upstream_certificate_expiry_timestamp_seconds{${pod}, upstream="primary"}`]: `${90 * day}+0x200`,
      },
      atMinute: 120,
      labels: { namespace: 'shop', upstream: 'eu' },
      summary: 'The certificate of upstream eu expires in 9d 22h 0m 0s',
    },
    quiet: {
      when: 'a month is left',
      series: {
        [`assistant_proxy_upstream_certificate_expiry_timestamp_seconds{${pod}, upstream="eu"}`]: `${30 * day}+0x200`,
      },
      atMinute: 120,
    },
  },
  AssistantProxyProviderDrift: {
    fires: {
      when: 'the provider counts less than the ledger',
      series: { [`assistant_proxy_provider_drift_ratio{${pod}, unit="usd"}`]: '-0.08+0x120' },
      atMinute: 90,
      labels: { namespace: 'shop', unit: 'usd' },
      summary: 'The provider counts 8% more or less usd than the ledger',
    },
    quiet: {
      when: 'they differ by three percent',
      series: { [`assistant_proxy_provider_drift_ratio{${pod}, unit="usd"}`]: '0.03+0x120' },
      atMinute: 90,
    },
  },
  AssistantProxyRunsStuck: {
    fires: {
      when: 'one is older than a run may get',
      series: { [`assistant_proxy_run_oldest_age_seconds{${pod}, status="in_progress"}`]: '0+60x60' },
      atMinute: 25,
      labels: { namespace: 'shop', status: 'in_progress' },
      summary: 'A run has been in_progress for 25m 0s',
    },
    quiet: {
      when: 'runs take as long as they may',
      series: {
        [`assistant_proxy_run_oldest_age_seconds{${pod}, status="in_progress"}`]: '0+60x10 0+60x10 0+60x10',
      },
      atMinute: 25,
    },
  },
  AssistantProxyRedactionFails: {
    fires: {
      when: 'the analyzer is too slow',
      series: {
        [`assistant_proxy_redaction_failures_total{${pod}, reason="analyzer_timeout"}`]: '0+3x20',
      },
      atMinute: 10,
      labels: { namespace: 'shop', reason: 'analyzer_timeout' },
      summary: 'Redaction fails: analyzer_timeout, 15 times in five minutes',
    },
    quiet: {
      when: 'it was, and is not any more',
      series: {
        [`assistant_proxy_redaction_failures_total{${pod}, reason="analyzer_timeout"}`]: '0+3x20 60+0x20',
      },
      atMinute: 30,
    },
  },
  ...injectorAlertCases,
};
